//! Which constraints hold a position back.

use std::fmt;

/// A set of constraints, written as `name cap, sector cap`; the empty set is the empty string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds(u8);

impl Bounds {
    /// Nothing binds.
    pub const NONE: Self = Self(0);
    /// The name is at its cap (after a single pass: was above it).
    pub const NAME_CAP: Self = Self(1);
    /// The name's sector is at its cap (after a single pass: was above it).
    pub const SECTOR_CAP: Self = Self(1 << 1);
    /// The trade is smaller than wanted, because the turnover of the date is at its cap.
    pub const TURNOVER_CAP: Self = Self(1 << 2);
    /// The name is not in the cross-section any more and was sold whatever the turnover.
    pub const FORCED_EXIT: Self = Self(1 << 3);
    /// What was left of the name was too little to keep.
    pub const DUST: Self = Self(1 << 4);
    /// The gross weight of the book is at its cap.
    pub const GROSS_CAP: Self = Self(1 << 5);

    const NAMES: [(Self, &str); 6] = [
        (Self::NAME_CAP, "name cap"),
        (Self::SECTOR_CAP, "sector cap"),
        (Self::GROSS_CAP, "gross cap"),
        (Self::TURNOVER_CAP, "turnover cap"),
        (Self::FORCED_EXIT, "forced exit"),
        (Self::DUST, "dust"),
    ];

    /// Whether all of `other` bind.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing binds.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// What binds here or there.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `other` in addition, if `condition` holds.
    #[must_use]
    pub fn with_if(self, condition: bool, other: Self) -> Self {
        if condition { self.with(other) } else { self }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binding = Self::NAMES.iter().filter(|(bound, _)| self.contains(*bound));
        for (position, (_, name)) in binding.enumerate() {
            write!(f, "{}{name}", if position > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
