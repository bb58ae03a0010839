//! Optimised portfolios.

mod books;
mod examples;
mod fixture;
mod market;
mod programs;
mod warm;
