//! Property tests of the kernels: ten thousand random series each, against naive versions that were
//! written from the definitions and share no code with the kernels.

mod cross_section;
mod diagnostics;
mod naive;
mod optimize;
mod point_in_time;
mod portfolio;
mod recursive;
mod rolling;
mod series;
