//! An allocator that wipes small blocks when they are given back.
//!
//! Keys in this project's hands wipe themselves. What libraries make of them does not: the Parquet reader takes a key as a
//! plain vector, AES expands it, maps move it when they grow. All of that lives in small blocks. Large ones hold columns and
//! pages; to wipe these as well would cost each query a pass over its data.

use std::alloc::{GlobalAlloc, Layout, System};

use zeroizing_alloc::ZeroAlloc;

/// Blocks up to this size in bytes are wiped: expanded AES keys with their tables take some hundred.
const WIPED_UP_TO: usize = 4096;

const WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// The system's allocator, but blocks of up to 4 KiB are wiped when they are freed.
#[derive(Debug, Default)]
pub struct WipingAllocator;

// SAFETY: every call is passed on to allocators that keep the contract of `GlobalAlloc`, and both of them take their memory
// from `System`, so a block may be given back through either.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe {
            if layout.size() <= WIPED_UP_TO {
                WIPING.dealloc(block, layout);
            } else {
                System.dealloc(block, layout);
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are passed on. A small block may move, and is wiped where it was.
        unsafe {
            if layout.size() <= WIPED_UP_TO {
                WIPING.realloc(block, layout, size)
            } else {
                System.realloc(block, layout, size)
            }
        }
    }
}
