//! Optimised portfolios.

mod books;
mod examples;
mod fixture;
mod forecast;
mod market;
mod programs;
mod warm;
