//! S3 servers on this machine: started on a free port, stopped when dropped.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};

use super::{Desk, python};

pub const BUCKET: &str = "market";
pub const SECRET: &str = "a-Secret/that+nobody=sees";

pub struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

/// moto answers each request in a thread of its own, and looks at a condition some statements before it writes: on a busy
/// machine two writers may both be the first. A store answers them one after the other.
const ATOMIC: &str = "
import sys, threading
from moto import server
from moto.s3.responses import S3Response
one_at_a_time, put_object = threading.Lock(), S3Response.put_object
def put(self, *arguments, **named):
    with one_at_a_time:
        return put_object(self, *arguments, **named)
S3Response.put_object = put
server.main(sys.argv[1:])
";

impl Server {
    /// moto: honours put-if-absent, with [`ATOMIC`] also in a race; takes every key.
    pub fn moto() -> Option<Self> {
        Self::start_moto(&[])
    }

    /// moto that knows nobody: after the bucket is made, every request is refused.
    pub fn closed_moto() -> Option<Self> {
        Self::start_moto(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1")])
    }

    fn start_moto(settings: &[(&str, &str)]) -> Option<Self> {
        let python = python("moto.server, flask, flask_cors")?;
        let server = Self::start(|port, _| {
            let mut command = Command::new(&python);
            command.args(["-c", ATOMIC, "-H", "127.0.0.1", "-p", &port.to_string()]);
            command.envs(settings.iter().copied());
            command
        });
        let answer = server.request("PUT", &format!("/{BUCKET}"));
        assert!(answer.contains(" 200 "), "moto makes no bucket: {answer}");
        Some(server)
    }

    /// s3s-fs: fast, and checks signatures; a race of creates may have several winners.
    pub fn s3s() -> Option<Self> {
        let program = std::env::var("KAIROS_S3S_FS").unwrap_or_else(|_| "s3s-fs".to_owned());
        if !Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no s3s-fs");
            return None;
        }
        Some(Self::start(|port, folder| {
            std::fs::create_dir_all(folder.join(BUCKET)).unwrap();
            let mut command = Command::new(&program);
            command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
            command.args(["--access-key", "reader", "--secret-key", SECRET]).arg(folder);
            command
        }))
    }

    fn start(command: impl Fn(u16, PathBuf) -> Command) -> Self {
        // Another process may take the port between our look and the server's.
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let log = std::fs::File::create(folder.path().join("log")).unwrap();
            let mut command = command(port, folder.path().to_path_buf());
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
            // From here on a panic stops the server.
            let mut server = Self { child, port, folder };
            if server.is_ready() {
                return server;
            }
        }
        panic!("no S3 server comes up");
    }

    fn is_ready(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    pub fn request(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The settings with which this server is reached.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        settings(&self.endpoint())
    }

    /// Opens the bucket as an object store, a new connection each time.
    pub fn store(&self) -> impl Fn() -> AmazonS3 {
        let settings = self.settings();
        move || {
            let settings = settings
                .iter()
                .filter_map(|(name, value)| Some((name.to_lowercase().parse::<AmazonS3ConfigKey>().ok()?, value)));
            let builder =
                settings.fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
            builder.with_bucket_name(BUCKET).build().unwrap()
        }
    }

    /// A desk with a lake of this name in the bucket.
    pub fn desk(&self, lake: &str) -> Desk {
        Desk::at(format!("s3://{BUCKET}/{lake}"), self.settings())
    }

    /// The requests that moto has answered, as method and path.
    pub fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        let lines = log.lines().filter_map(|line| line.split_once('"')?.1.split_once(" HTTP/"));
        lines.map(|(request, _)| request.to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn settings(endpoint: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT", endpoint.to_owned()),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "reader".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
    ]
}

/// What a [`Gate`] does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Accepts it and says nothing.
    Silent,
    /// Passes everything on, without the condition that an object must not be there yet.
    Forgetful,
    /// Answers `503 SlowDown` until this long after the start, and passes everything on afterwards.
    BusyFor(Duration),
}

/// A server in front of another one, for the bad days.
pub struct Gate {
    port: u16,
}

impl Gate {
    pub fn before(server: &Server, mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, behind, started) = (listener.local_addr().unwrap().port(), server.port, Instant::now());
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().flatten() {
                match mood {
                    Mood::Silent => silent.push(stream),
                    Mood::BusyFor(time) if started.elapsed() < time => {
                        std::thread::spawn(move || refuse(stream));
                    }
                    Mood::BusyFor(_) => pass_on(stream, behind, |_| {}),
                    Mood::Forgetful => pass_on(stream, behind, forget),
                }
            }
        });
        Self { port }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Reads a whole request, so that the client reads the whole answer.
fn refuse(mut stream: TcpStream) {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.split_once("content-length:").and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
    let _ = std::io::copy(&mut (&stream).take(length.unwrap_or(0)), &mut std::io::sink());
    let body = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 503 Slow Down\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

/// Takes the condition out of a request. Its head comes in one piece, since clients send it in one.
fn forget(request: &mut [u8]) {
    const CONDITION: &[u8] = b"if-none-match";
    let found = request.windows(CONDITION.len()).position(|window| window.eq_ignore_ascii_case(CONDITION));
    if let Some(at) = found {
        request[at..at + 2].copy_from_slice(b"xx");
    }
}

fn pass_on(client: TcpStream, behind: u16, change: fn(&mut [u8])) {
    let server = TcpStream::connect(("127.0.0.1", behind)).unwrap();
    let unchanged: fn(&mut [u8]) = |_| {};
    let ways = [(client.try_clone().unwrap(), server.try_clone().unwrap(), change), (server, client, unchanged)];
    for (mut from, mut to, change) in ways {
        std::thread::spawn(move || {
            let mut piece = vec![0; 1 << 16];
            while let Ok(length @ 1..) = from.read(&mut piece) {
                change(&mut piece[..length]);
                if to.write_all(&piece[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}
