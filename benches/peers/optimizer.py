"""The mean-variance problems of the optimiser, solved by cvxpy: milliseconds per date, and how far weights differ.

Needs cvxpy, osqp and clarabel. The problems are written by the benchmark of the Rust optimiser:

    cargo bench -p kairos-udfs --bench optimizer -- /tmp/problems.npy
    OMP_NUM_THREADS=1 python benches/peers/optimizer.py /tmp/problems.npy

Three ways to write the problem are timed, each with both solvers at the tolerance of the Rust optimiser:
  matrix     the textbook way: a new problem per date with the covariance matrix, absolute values as such;
  parameter  one problem with parameters (DPP) and the factors of the covariance, absolute values as such;
  lean       the same with the known signs of weights in place of absolute values, as the Rust optimiser does.
"""

import sys
import time

import cvxpy as cp
import numpy as np

RISK = 20.0 * 5.0
NAME_CAP = 0.03
SECTOR_NET = 0.05
# Tolerances of solvers are absolute: without this the objective would be as small as they are.
SCALE = 1e4
SETTINGS = {
    cp.OSQP: dict(eps_abs=1e-7, eps_rel=1e-7, max_iter=20_000, polishing=True),
    cp.CLARABEL: dict(max_threads=1),
}
FIELDS = ["expected", "beta", "sector", "side", "specific", "loadings", "caps", "osqp", "clarabel"]


def read(path):
    with open(path, "rb") as file:
        count = int(np.load(file)[0])
        return [{field: np.load(file) for field in FIELDS} for _ in range(count)]


def members(problem):
    return (problem["sector"][None, :] == np.arange(len(problem["caps"]))[:, None]).astype(float)


def limits(w, problem, absolute, beta, sectors, caps, low, high):
    return [
        cp.sum(w) == 0,
        beta @ w == 0,
        w >= low,
        w <= high,
        cp.sum(absolute) <= 1,
        cp.abs(sectors @ w) <= SECTOR_NET,
        sectors @ absolute <= caps,
    ]


def bounds(problem):
    return np.where(problem["side"] > 0, 0, -NAME_CAP), np.where(problem["side"] > 0, NAME_CAP, 0)


class Matrix:
    def solve(self, problem, solver):
        n = len(problem["expected"])
        covariance = np.diag(problem["specific"] ** 2) + problem["loadings"].T @ problem["loadings"]
        w = cp.Variable(n)
        objective = SCALE * (0.5 * RISK * cp.quad_form(w, cp.psd_wrap(covariance)) - problem["expected"] @ w)
        constraints = limits(w, problem, cp.abs(w), problem["beta"], members(problem), problem["caps"], *bounds(problem))
        cp.Problem(cp.Minimize(objective), constraints).solve(solver=solver, **SETTINGS[solver])
        return w.value


class Parameter:
    def __init__(self, problem, lean):
        n, factors, sectors = len(problem["expected"]), len(problem["loadings"]), len(problem["caps"])
        self.w = cp.Variable(n)
        self.expected, self.beta = cp.Parameter(n), cp.Parameter(n)
        self.specific, self.loadings = cp.Parameter(n, nonneg=True), cp.Parameter((factors, n))
        self.sectors, self.caps = cp.Parameter((sectors, n), nonneg=True), cp.Parameter(sectors, nonneg=True)
        self.low, self.high = cp.Parameter(n), cp.Parameter(n)
        self.side, self.sided = cp.Parameter(n), cp.Parameter((sectors, n))
        risk = cp.sum_squares(self.loadings @ self.w) + cp.sum_squares(cp.multiply(self.specific, self.w))
        objective = risk - self.expected @ self.w
        constraints = limits(
            self.w, problem, cp.abs(self.w), self.beta, self.sectors, self.caps, self.low, self.high
        )
        if lean:
            constraints[4] = self.side @ self.w <= 1
            constraints[5] = self.sectors @ self.w <= SECTOR_NET
            constraints[6] = self.sided @ self.w <= self.caps
            constraints.append(self.sectors @ self.w >= -SECTOR_NET)
        self.problem = cp.Problem(cp.Minimize(objective), constraints)
        assert self.problem.is_dcp(dpp=True)

    def solve(self, problem, solver):
        size = np.sqrt(0.5 * RISK * SCALE)
        self.expected.value, self.beta.value = SCALE * problem["expected"], problem["beta"]
        self.specific.value, self.loadings.value = size * problem["specific"], size * problem["loadings"]
        self.sectors.value, self.caps.value = members(problem), problem["caps"]
        self.low.value, self.high.value = bounds(problem)
        self.side.value, self.sided.value = problem["side"], members(problem) * problem["side"]
        self.problem.solve(solver=solver, warm_start=True, **SETTINGS[solver])
        return self.w.value


def objective(problem, w):
    risk = np.sum((problem["loadings"] @ w) ** 2) + np.sum((problem["specific"] * w) ** 2)
    return 0.5 * RISK * risk - problem["expected"] @ w


def main():
    problems = read(sys.argv[1])
    ways = {
        "matrix": lambda: Matrix(),
        "parameter": lambda: Parameter(problems[0], lean=False),
        "lean": lambda: Parameter(problems[0], lean=True),
    }
    for way, make in ways.items():
        for solver in SETTINGS:
            model = make()
            model.solve(problems[0], solver)
            times, apart, worse = [], 0.0, 0.0
            for problem in problems:
                start = time.perf_counter()
                w = model.solve(problem, solver)
                times.append(time.perf_counter() - start)
                ours = problem[solver.lower()]
                apart = max(apart, np.abs(w - ours).max())
                worse = max(worse, objective(problem, ours) - objective(problem, w))
            print(
                f"{way:10} {solver:9} {1e3 * np.median(times):8.2f} ms per date (median), weights differ by {apart:.1e},"
                f" ours is worse by {worse:.1e} at most",
                flush=True,
            )


if __name__ == "__main__":
    main()
