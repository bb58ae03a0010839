//! The quadratic program of one date (spec 06 §6.4 and §6.5).

use super::covariance::Covariance;
use super::solver::{Columns, Kink, Point, Program, Solution, Solver, Verdict, Workspace};

/// How near to a bound a weight is at it, in units.
const AT_BOUND: f64 = 1e-8;

/// What the optimiser decides on for one name. All numbers are weights or per unit of weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name {
    /// Smallest and largest weight.
    pub range: (f64, f64),
    /// Expected return, or what else is to be maximised.
    pub expected: f64,
    /// Beta to the market.
    pub beta: f64,
    /// The place of its sector in the sector limits.
    pub sector: usize,
    /// The weight before the trade.
    pub before: f64,
}

/// What the weights must sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// `Σw = 1`.
    Invested,
    /// `Σw = 0` and `Σβw = 0`.
    Neutral,
}

/// Limits of the book. The limits of single names are their ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// On `‖w‖₁`.
    pub gross: f64,
    /// On `|Σw|` of every sector.
    pub sector_net: Option<f64>,
    /// On `Σ|w|` of each sector.
    pub sector_gross: Option<Vec<f64>>,
    /// On `‖w − before‖₁`.
    pub turnover: Option<f64>,
}

/// `min ½·risk·w'Σw − expected'w + cost·‖w − before‖₁` within the ranges, the balance and the limits.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    /// The names.
    pub names: &'a [Name],
    /// Σ of the names, in their order.
    pub covariance: &'a Covariance,
    /// What the variance costs: risk aversion times horizon.
    pub risk: f64,
    /// What a unit of trading costs.
    pub cost: f64,
    /// What the weights sum to.
    pub balance: Balance,
    /// Limits of the book.
    pub limits: Limits,
    /// The size of a weight that matters, which becomes 1 in the program: the cap of a name.
    pub unit: f64,
}

/// A limit of the book as a whole. S says which sector: its place or its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit<S = u32> {
    Net,
    Beta,
    Gross,
    SectorNet(S),
    SectorGross(S),
    Turnover,
}

/// Weights in the order of the names, and by how much the objective would gain from a unit more of each limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Priced {
    pub weights: Vec<f64>,
    pub prices: Vec<(Limit<usize>, f64)>,
}

impl<S: Copy> Limit<S> {
    /// The same limit with another way to say which sector.
    pub fn map<T>(self, of: impl Fn(S) -> T) -> Limit<T> {
        match self {
            Self::Net => Limit::Net,
            Self::Beta => Limit::Beta,
            Self::Gross => Limit::Gross,
            Self::SectorNet(sector) => Limit::SectorNet(of(sector)),
            Self::SectorGross(sector) => Limit::SectorGross(of(sector)),
            Self::Turnover => Limit::Turnover,
        }
    }

    /// The sector, if it is a limit of one.
    pub fn sector(self) -> Option<S> {
        match self {
            Self::SectorNet(sector) | Self::SectorGross(sector) => Some(sector),
            _ => None,
        }
    }
}

impl Problem<'_> {
    /// Solves the problem. The weights are in the order of the names, within their ranges, and empty unless solved.
    pub fn solve(&self, solver: Solver) -> (Solution, Vec<f64>) {
        let (solution, priced) = self.solve_from(&mut Workspace::new(solver), None);
        (solution, priced.weights)
    }

    /// The same with a workspace that may have solved other problems, and from what is thought to be near the solution.
    pub(crate) fn solve_from(&self, workspace: &mut Workspace, near: Option<&Priced>) -> (Solution, Priced) {
        let (program, rows) = self.build();
        let start = near.map(|near| self.start(&program, &rows, near));
        let solution = workspace.solve(&program, start.as_ref());
        if solution.verdict != Verdict::Solved {
            return (solution, Priced::default());
        }
        let Point { x, y } = &solution.point;
        let weights = self.names.iter().zip(x).map(|(name, x)| self.snapped(name, x * self.unit)).collect();
        let per_unit = self.scale() * self.unit;
        let prices = rows.iter().map(|(limit, row)| (*limit, y[*row] / per_unit)).collect();
        (solution, Priced { weights, prices })
    }

    /// A point of the program. Only rows that tie names to each other get multipliers: of limits the prices, of factors
    /// the risk of the book along them, which is what they must be where the weights are right.
    fn start(&self, program: &Program, rows: &[(Limit<usize>, usize)], near: &Priced) -> Point {
        let mut x: Vec<f64> = near.weights.iter().map(|weight| weight / self.unit).collect();
        x.resize(program.linear.len(), 0.0);
        let mut y = vec![0.0; program.lower.len()];
        let (names, factors) = (self.names.len(), self.covariance.factors());
        let risk = program.matrix.times(&x[..names], y.len());
        y[..factors].copy_from_slice(&risk[..factors]);
        x[names..names + factors].copy_from_slice(&risk[..factors]);
        for kink in &program.kinks {
            x[kink.below] = (program.lower[kink.above] - x[kink.column]).max(0.0);
        }
        let per_unit = self.scale() * self.unit;
        for (limit, row) in rows {
            let price = near.prices.iter().find(|(priced, _)| priced == limit);
            y[*row] = price.map_or(0.0, |(_, price)| price * per_unit);
        }
        Point { x, y }
    }

    /// A weight without what is left of the tolerance of the solver: 0 and the bounds are met exactly.
    fn snapped(&self, name: &Name, weight: f64) -> f64 {
        let (low, high) = name.range;
        let near = |point: &f64| (weight - point).abs() <= AT_BOUND * self.unit;
        [low, high, 0.0].into_iter().find(near).unwrap_or(weight).max(low).min(high)
    }

    /// The program. Its variables are, in this order, the weight of each name in units, the risk of the book along each
    /// factor, and for each name that can lie on either side of a kink (0, or the weight before the trade) how far it is
    /// below. The objective is scaled so that its largest linear term is 1: tolerances of solvers are absolute.
    pub fn program(&self) -> Program {
        self.build().0
    }

    /// The program, and the rows of its limits.
    fn build(&self) -> (Program, Vec<(Limit<usize>, usize)>) {
        let mut builder = Builder::new(self);
        builder.factors();
        builder.balance();
        builder.gross_and_sectors();
        builder.trades();
        builder.ranges();
        builder.finish()
    }

    /// By how much the objective is multiplied.
    fn scale(&self) -> f64 {
        let linear = self.names.iter().map(|name| name.expected.abs()).fold(self.cost.abs(), f64::max);
        let variance = self.covariance.variances().into_iter().fold(0.0, f64::max);
        let size = if linear > 0.0 { linear * self.unit } else { self.risk * variance * self.unit * self.unit };
        if size > 0.0 { size.recip() } else { 1.0 }
    }
}

/// A linear expression in the variables of one name: `slope·x + 2·below + offset`.
#[derive(Clone, Copy)]
struct Distance {
    slope: f64,
    below: Option<usize>,
    offset: f64,
}

struct Builder<'a> {
    problem: &'a Problem<'a>,
    scale: f64,
    quadratic: Vec<f64>,
    linear: Vec<f64>,
    columns: Vec<Vec<(usize, f64)>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    kinks: Vec<Kink>,
    limits: Vec<(Limit<usize>, usize)>,
    /// Names whose range follows from other rows.
    bounded: Vec<bool>,
}

impl<'a> Builder<'a> {
    fn new(problem: &'a Problem<'a>) -> Self {
        let scale = problem.scale();
        let (risk, unit) = (problem.risk * scale, problem.unit);
        Self {
            problem,
            scale,
            quadratic: problem.covariance.specific().iter().map(|variance| risk * variance * unit * unit).collect(),
            linear: problem.names.iter().map(|name| -name.expected * scale * unit).collect(),
            columns: vec![Vec::new(); problem.names.len()],
            lower: Vec::new(),
            upper: Vec::new(),
            kinks: Vec::new(),
            limits: Vec::new(),
            bounded: vec![false; problem.names.len()],
        }
    }

    fn row(&mut self, lower: f64, upper: f64) -> usize {
        self.lower.push(lower);
        self.upper.push(upper);
        self.lower.len() - 1
    }

    /// A row for a limit of the book.
    fn limit(&mut self, limit: Limit<usize>, lower: f64, upper: f64) -> usize {
        let row = self.row(lower, upper);
        self.limits.push((limit, row));
        row
    }

    fn variable(&mut self, quadratic: f64) -> usize {
        self.quadratic.push(quadratic);
        self.linear.push(0.0);
        self.columns.push(Vec::new());
        self.columns.len() - 1
    }

    /// `y = B'x`, with variance `½y'y`.
    fn factors(&mut self) {
        let covariance = self.problem.covariance;
        let size = (self.problem.risk * self.scale).sqrt() * self.problem.unit;
        for factor in 0..covariance.factors() {
            let row = self.row(0.0, 0.0);
            let variable = self.variable(1.0);
            self.columns[variable].push((row, -1.0));
            for name in 0..covariance.names() {
                let loading = covariance.loadings(name)[factor] * size;
                if loading != 0.0 {
                    self.columns[name].push((row, loading));
                }
            }
        }
    }

    fn balance(&mut self) {
        let total = match self.problem.balance {
            Balance::Invested => 1.0 / self.problem.unit,
            Balance::Neutral => 0.0,
        };
        let net = self.limit(Limit::Net, total, total);
        (0..self.problem.names.len()).for_each(|name| self.columns[name].push((net, 1.0)));
        if self.problem.balance == Balance::Neutral {
            let beta = self.limit(Limit::Beta, 0.0, 0.0);
            for (name, of) in self.problem.names.iter().enumerate() {
                self.columns[name].push((beta, of.beta));
            }
        }
    }

    fn gross_and_sectors(&mut self) {
        let limits = &self.problem.limits;
        let unit = self.problem.unit;
        let sizes: Vec<Distance> = (0..self.problem.names.len()).map(|name| self.distance(name, 0.0)).collect();
        let gross = self.limit(Limit::Gross, f64::NEG_INFINITY, limits.gross / unit);
        sizes.iter().enumerate().for_each(|(name, size)| self.add(gross, name, *size));
        let sectors = self.problem.names.iter().map(|name| name.sector + 1).max().unwrap_or(0);
        for sector in 0..sectors {
            let members = || (0..sizes.len()).filter(|name| self.problem.names[*name].sector == sector);
            let members: Vec<usize> = members().collect();
            if members.is_empty() {
                continue;
            }
            if let Some(limit) = limits.sector_net {
                let row = self.limit(Limit::SectorNet(sector), -limit / unit, limit / unit);
                members.iter().for_each(|name| self.columns[*name].push((row, 1.0)));
            }
            if let Some(limit) = limits.sector_gross.as_ref().and_then(|limits| limits.get(sector)) {
                let row = self.limit(Limit::SectorGross(sector), f64::NEG_INFINITY, limit / unit);
                members.iter().for_each(|name| self.add(row, *name, sizes[*name]));
            }
        }
    }

    fn trades(&mut self) {
        let cost = self.problem.cost * self.scale * self.problem.unit;
        if cost == 0.0 && self.problem.limits.turnover.is_none() {
            return;
        }
        let names = self.problem.names;
        let trades: Vec<Distance> = (0..names.len()).map(|name| self.distance(name, names[name].before)).collect();
        for (name, trade) in trades.iter().enumerate() {
            self.linear[name] += cost * trade.slope;
            trade.below.into_iter().for_each(|below| self.linear[below] += 2.0 * cost);
        }
        if let Some(limit) = self.problem.limits.turnover {
            let row = self.limit(Limit::Turnover, f64::NEG_INFINITY, limit / self.problem.unit);
            trades.iter().enumerate().for_each(|(name, trade)| self.add(row, name, *trade));
        }
    }

    fn ranges(&mut self) {
        for name in 0..self.problem.names.len() {
            if !self.bounded[name] {
                let (low, high) = self.range(name);
                let row = self.row(low, high);
                self.columns[name].push((row, 1.0));
            }
        }
    }

    /// The range of a name in units.
    fn range(&self, name: usize) -> (f64, f64) {
        let (low, high) = self.problem.names[name].range;
        (low / self.problem.unit, high / self.problem.unit)
    }

    /// `|x − point|` of a name. It is linear if the point is not inside the range. Otherwise `x = point + above − below`
    /// with both parts limited to their side of the range, and the distance is `above + below = x − point + 2·below`;
    /// it is one where it matters, since nothing is gained by both being larger than they need.
    fn distance(&mut self, name: usize, point: f64) -> Distance {
        let point = point / self.problem.unit;
        let (low, high) = self.range(name);
        if point <= low {
            return Distance { slope: 1.0, below: None, offset: -point };
        }
        if point >= high {
            return Distance { slope: -1.0, below: None, offset: point };
        }
        let below = self.variable(0.0);
        let part = self.row(0.0, point - low);
        let above = self.row(point, high);
        self.columns[below].extend([(part, 1.0), (above, 1.0)]);
        self.columns[name].push((above, 1.0));
        self.bounded[name] = true;
        self.kinks.push(Kink { column: name, below, part, above });
        Distance { slope: 1.0, below: Some(below), offset: -point }
    }

    /// Adds a distance to a row that limits a sum of distances.
    fn add(&mut self, row: usize, name: usize, distance: Distance) {
        self.columns[name].push((row, distance.slope));
        distance.below.into_iter().for_each(|below| self.columns[below].push((row, 2.0)));
        self.upper[row] -= distance.offset;
    }

    fn finish(self) -> (Program, Vec<(Limit<usize>, usize)>) {
        let mut matrix = Columns::default();
        self.columns.iter().for_each(|column| matrix.push(column.iter().copied()));
        let Self { quadratic, linear, lower, upper, kinks, limits, .. } = self;
        (Program { quadratic, linear, matrix, lower, upper, kinks }, limits)
    }
}
