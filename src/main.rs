//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    give_back_freed_blocks();
    kairos::cli::main()
}

/// Blocks of 4 MiB and more go back to the system when they are freed, and so does what is free at the end of a heap.
///
/// Left alone, glibc raises both limits to the size of whatever was freed (mallopt(3), "dynamic mmap threshold"). A run then
/// holds what its largest dataset needed, once per thread: half as much again as it needs.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back_freed_blocks() {
    const BYTES: libc::c_int = 4 << 20;
    // SAFETY: sets a number inside the allocator, before there is a second thread. A refusal changes nothing.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, BYTES) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back_freed_blocks() {}
