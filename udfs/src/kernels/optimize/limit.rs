//! Limits of the book as a whole, and what they cost.

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
