//! The rows and columns of the program of one date.

use super::limit::Limit;
use super::problem::{Balance, Problem};
use super::solver::{Columns, Kink, Program};

/// A linear expression in the variables of one name: `slope·x + 2·below + offset`.
#[derive(Clone, Copy)]
struct Distance {
    slope: f64,
    below: Option<usize>,
    offset: f64,
}

/// Writes a program row by row.
pub(super) struct Builder<'a> {
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
    /// The objective is multiplied by `scale`.
    pub fn new(problem: &'a Problem<'a>, scale: f64) -> Self {
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

    /// The program, and the rows of its limits.
    pub fn build(mut self) -> (Program, Vec<(Limit<usize>, usize)>) {
        self.factors();
        self.balance();
        self.gross_and_sectors();
        self.trades();
        self.ranges();
        self.finish()
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
