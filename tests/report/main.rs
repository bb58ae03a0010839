//! The HTML report of a run: what is on it for runs with everything, with nothing and with one period; and what a
//! browser says to it.

mod browser;
mod page;
mod sample;
mod tables;
