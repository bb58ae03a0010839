"""The mean-variance problems of the optimiser, solved by cvxpy: milliseconds per date, and how far weights differ.

Needs cvxpy, osqp and clarabel. The problems are written by the benchmark of the Rust optimiser, date after date:

    cargo bench -p kairos-udfs --bench optimizer -- /tmp/problems.npy
    OMP_NUM_THREADS=1 python benches/peers/optimizer.py /tmp/problems.npy

Two ways to write a problem are timed, each with both solvers at the tolerance of the Rust optimiser:
  parameter  one problem with parameters (DPP) and the factors of the covariance, absolute values as such;
  lean       the same with the known signs of weights in place of absolute values, as the Rust optimiser does.
Solvers start from the solution before if they can. What is timed, in CPU time, is setting the parameters and solving:
covariances and candidates are given, which the Rust optimiser has to find first. Its benchmark prints its time with the
covariance and without; the second is the one to compare.
"""

import sys
import time

import cvxpy as cp
import numpy as np

RISK = 20.0 * 5.0
SECTOR_NET = 0.05
# Tolerances of solvers are absolute: without this the objective would be as small as they are.
SCALE = 1e4
SETTINGS = {
    cp.OSQP: dict(eps_abs=1e-7, eps_rel=1e-7, max_iter=20_000, polishing=True),
    cp.CLARABEL: dict(max_threads=1),
}
# What a solution is compared with besides, untimed: how far the solver of the same tolerance is from it is its own error.
EXACT = dict(max_threads=1, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
FIELDS = "expected beta sector low high before specific loadings caps osqp clarabel".split()
NAMED = [field for field in FIELDS if field not in ("loadings", "caps")]


def read(path):
    """Sequences of dates, each with its cost of trading."""
    with open(path, "rb") as file:
        while file.peek(1):
            count, cost = np.load(file)
            yield cost, pad([{field: np.load(file) for field in FIELDS} for _ in range(int(count))])


def pad(dates):
    """All dates with as many names, so that one problem with parameters fits all: more names, which may hold nothing."""
    size = max(len(date["expected"]) for date in dates)
    for date in dates:
        missing = size - len(date["expected"])
        for field in NAMED:
            date[field] = np.pad(date[field], (0, missing), constant_values=1.0 if field == "specific" else 0.0)
        date["loadings"] = np.pad(date["loadings"], ((0, 0), (0, missing)))
    return dates


def members(date):
    return (date["sector"][None, :] == np.arange(len(date["caps"]))[:, None]).astype(float)


class Problem:
    def __init__(self, date, cost, lean):
        n, factors, sectors = len(date["expected"]), len(date["loadings"]), len(date["caps"])
        self.cost = cost
        self.w = w = cp.Variable(n)
        self.expected, self.beta, self.before = cp.Parameter(n), cp.Parameter(n), cp.Parameter(n)
        self.specific, self.loadings = cp.Parameter(n, nonneg=True), cp.Parameter((factors, n))
        self.sectors, self.caps = cp.Parameter((sectors, n), nonneg=True), cp.Parameter(sectors, nonneg=True)
        self.low, self.high = cp.Parameter(n), cp.Parameter(n)
        self.side, self.sided = cp.Parameter(n), cp.Parameter((sectors, n))
        objective = cp.sum_squares(self.loadings @ w) + cp.sum_squares(cp.multiply(self.specific, w)) - self.expected @ w
        if cost:
            objective += SCALE * cost * cp.norm1(w - self.before)
        limits = [cp.sum(w) == 0, self.beta @ w == 0, w >= self.low, w <= self.high]
        if lean:
            net = self.sectors @ w
            limits += [self.side @ w <= 1, net <= SECTOR_NET, net >= -SECTOR_NET, self.sided @ w <= self.caps]
        else:
            size = cp.abs(w)
            limits += [cp.sum(size) <= 1, cp.abs(self.sectors @ w) <= SECTOR_NET, self.sectors @ size <= self.caps]
        self.problem = cp.Problem(cp.Minimize(objective), limits)
        assert self.problem.is_dcp(dpp=True)

    def solve(self, date, solver, settings=None):
        size = np.sqrt(0.5 * RISK * SCALE)
        side = np.where(date["high"] > 0, 1.0, -1.0)
        self.expected.value, self.beta.value, self.before.value = SCALE * date["expected"], date["beta"], date["before"]
        self.specific.value, self.loadings.value = size * date["specific"], size * date["loadings"]
        self.sectors.value, self.caps.value = members(date), date["caps"]
        self.low.value, self.high.value = date["low"], date["high"]
        self.side.value, self.sided.value = side, members(date) * side
        self.problem.solve(solver=solver, warm_start=True, **(settings or SETTINGS[solver]))
        return self.w.value


def objective(date, cost, w):
    risk = np.sum((date["loadings"] @ w) ** 2) + np.sum((date["specific"] * w) ** 2)
    return 0.5 * RISK * risk - date["expected"] @ w + cost * np.abs(w - date["before"]).sum()


def main():
    for cost, dates in read(sys.argv[1]):
        print(f"{len(dates[0]['expected'])} names, {len(dates[0]['loadings'])} factors, cost {cost}", flush=True)
        for way in ("parameter", "lean"):
            for solver in SETTINGS:
                model = Problem(dates[0], cost, way == "lean")
                model.solve(dates[0], solver)
                times, apart, exact, worse = [], 0.0, 0.0, 0.0
                for date in dates:
                    start = time.process_time()
                    w = model.solve(date, solver)
                    times.append(time.process_time() - start)
                    ours = date[solver.lower()]
                    apart = max(apart, np.abs(w - ours).max())
                    worse = max(worse, objective(date, cost, ours) - objective(date, cost, w))
                    if solver == cp.CLARABEL:
                        exact = max(exact, np.abs(model.solve(date, solver, EXACT) - ours).max())
                tight = f" ({exact:.1e} at a tolerance of 1e-12)" if solver == cp.CLARABEL else ""
                print(
                    f"  {way:10} {solver:9} {1e3 * np.median(times):8.2f} ms per date (median), weights differ by"
                    f" {apart:.1e}{tight}, ours is worse by {worse:.1e} at most",
                    flush=True,
                )


if __name__ == "__main__":
    main()
