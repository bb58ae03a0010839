"""A lake in a bucket beside one in a folder: the whole build, and cold queries of one ticker and of one date.

The server is s3s-fs on this machine, which keeps its objects on the same disk: what is measured is the protocol, not a network.

    python benches/bucket.py --kairos target/release/kairos --s3s target/s3-server/bin/s3s-fs --folder target/bench
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}


def timed(kairos, lake, settings, *arguments):
    started = time.monotonic()
    done = subprocess.run([kairos, "-q", "--lake", lake, *arguments], capture_output=True, text=True, env={**os.environ, **settings})
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kairos", default="target/release/kairos")
    parser.add_argument("--s3s", default="target/s3-server/bin/s3s-fs")
    parser.add_argument("--folder", default="target/bench", type=Path)
    parser.add_argument("--tickers", default=1000, type=int)
    parser.add_argument("--days", default=2000, type=int)
    parser.add_argument("--runs", default=5, type=int)
    arguments = parser.parse_args()
    base = arguments.folder / "bucket"
    shutil.rmtree(base, ignore_errors=True)
    (base / "store" / "market").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [arguments.s3s, "--host", "127.0.0.1", "--port", str(port), "--access-key", "reader", "--secret-key", "a-secret"]
    server = subprocess.Popen([*command, str(base / "store")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        lakes = {
            "folder": (str(base / "lake"), {}),
            "bucket": ("s3://market/lake", {**KEYS, "AWS_ENDPOINT": f"http://127.0.0.1:{port}"}),
        }
        files = str(base / "files")
        timed(arguments.kairos, lakes["folder"][0], {}, "synth", "--tickers", str(arguments.tickers), "--days", str(arguments.days), "--out", files)
        questions = {
            "one ticker's history": "select date, mom_12_1, beta_252d, alpha_composite_v8 from feat_matrix where ticker = 'NA'",
            "one date's cross-section": "select ticker, mom_12_1, beta_252d, alpha_composite_v8 from feat_matrix where date = date '2025-12-17'",
        }
        for name, (lake, settings) in lakes.items():
            run = lambda *command: timed(arguments.kairos, lake, settings, *command)
            print(f"{name}: land {run('land', '--dir', files):.1f} s, whole build with checks {run('run'):.1f} s")
            for question, sql in questions.items():
                times = [run("sql", "-c", sql, "--format", "csv") for _ in range(arguments.runs)]
                print(f"{name}: {question} {statistics.median(times) * 1000:.0f} ms ({min(times) * 1000:.0f}–{max(times) * 1000:.0f})")
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
