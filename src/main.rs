//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    share_heaps();
    kairos::cli::main()
}

/// Two heaps for each core, each of which gives back what is free at its end.
///
/// Left alone, glibc opens a heap for every thread that reads a file, some dozens, and lets each keep up to 64 MiB
/// (mallopt(3), "dynamic mmap threshold"): a run then holds half as much again as it needs. The limits are the largest that
/// glibc would choose itself for blocks, and an eighth of that for the end of a heap; smaller ones cost time in page faults.
/// With one heap for each core, threads wait for each other: a build took a seventh more time, and no less memory.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn share_heaps() {
    const BLOCK: libc::c_int = 32 << 20;
    const END: libc::c_int = 8 << 20;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    // SAFETY: sets numbers inside the allocator, before there is a second thread. A refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, libc::c_int::try_from(2 * cores).unwrap_or(libc::c_int::MAX));
        libc::mallopt(libc::M_MMAP_THRESHOLD, BLOCK);
        libc::mallopt(libc::M_TRIM_THRESHOLD, END);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn share_heaps() {}
