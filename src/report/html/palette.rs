//! The colours of charts. An SVG names them as in light mode; style rules give each another value in dark mode.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour of a chart, by what it stands for. Told apart with any kind of colour vision (after Okabe and Ito).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Portfolio,
    Benchmark,
    Active,
    Third,
    Fourth,
    Bull,
    Neutral,
    Bear,
    Grid,
    Zero,
}

impl Colour {
    const ALL: [Self; 10] = [
        Self::Portfolio,
        Self::Benchmark,
        Self::Active,
        Self::Third,
        Self::Fourth,
        Self::Bull,
        Self::Neutral,
        Self::Bear,
        Self::Grid,
        Self::Zero,
    ];

    /// Its name in style rules, and its values in light and in dark mode.
    fn definition(self) -> (&'static str, u32, u32) {
        match self {
            Self::Portfolio => ("portfolio", 0x1F5FA8, 0x74B2F7),
            Self::Benchmark => ("benchmark", 0x858C96, 0x9AA3B0),
            Self::Active => ("active", 0xC4561B, 0xF29B62),
            Self::Third => ("third", 0x0B8577, 0x54C9B8),
            Self::Fourth => ("fourth", 0x8A57A6, 0xC6A0E8),
            Self::Bull => ("bull", 0x2E7FD1, 0x5AA2F0),
            Self::Neutral => ("neutral", 0xA9AFB8, 0x8A929E),
            Self::Bear => ("bear", 0xE07B28, 0xF08C3C),
            Self::Grid => ("grid", 0xE4E6EA, 0x2C3139),
            Self::Zero => ("zero", 0xA3A9B2, 0x6A7280),
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.definition().0
    }

    pub(super) fn rgb(self) -> RGBColor {
        let (_, light, _) = self.definition();
        let [_, r, g, b] = light.to_be_bytes();
        RGBColor(r, g, b)
    }
}

/// Style rules: variables for both modes, and what the marks of charts are painted with. Paper is always light.
pub(super) fn rules() -> String {
    let (mut light, mut dark, mut marks) = (String::new(), String::new(), String::new());
    for colour in Colour::ALL {
        let (name, on_light, on_dark) = colour.definition();
        let mut write = || -> std::fmt::Result {
            write!(light, "--{name}:#{on_light:06x};")?;
            write!(dark, "--{name}:#{on_dark:06x};")?;
            writeln!(marks, "svg [stroke=\"#{on_light:06X}\"]{{stroke:var(--{name})}}")?;
            writeln!(marks, "svg [fill=\"#{on_light:06X}\"]{{fill:var(--{name})}}")?;
            writeln!(marks, ".c-{name}{{--c:var(--{name})}}")
        };
        // Writing to a text does not fail.
        let _ = write();
    }
    format!(":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{marks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_colours_share_a_mark() {
        let mut values: Vec<_> = Colour::ALL.iter().map(|colour| colour.definition().1).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), Colour::ALL.len());
    }
}
