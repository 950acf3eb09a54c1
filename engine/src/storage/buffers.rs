//! Memory that the contents of files are in, used again by those that come after.
//!
//! Fresh memory is slow: the kernel finds and clears each of its pages when it is first touched, which takes several times as
//! long as reading a file into it. So large buffers are kept when their last reader is gone. They belong to one session, and
//! end with it.

use std::collections::{BTreeMap, TryReserveError};
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use datafusion::common::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use sealed_parquet::Memory;

/// Buffers from this size on are kept: smaller ones come from memory that the allocator keeps itself.
const MIN_KEPT: usize = 64 << 10;

/// Bytes that are kept for later at most. They are not reserved, since nobody holds them.
const MAX_IDLE: usize = 32 << 20;

/// A session's buffers.
pub struct Buffers {
    memory: Arc<dyn MemoryPool>,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    by_size: BTreeMap<usize, Vec<BytesMut>>,
    bytes: usize,
}

impl Buffers {
    /// Buffers that are reserved in `memory` as long as somebody has them.
    pub fn new(memory: Arc<dyn MemoryPool>) -> Arc<Self> {
        Arc::new(Buffers { memory, idle: Mutex::default() })
    }

    /// Reserves memory for buffers of these lengths, for `consumer`.
    ///
    /// # Errors
    /// When the session may not have so much.
    pub fn reserve(
        self: &Arc<Self>,
        lengths: impl Iterator<Item = u64>,
        consumer: &'static str,
    ) -> Result<ReservedBuffers, DataFusionError> {
        let too_much = || DataFusionError::ResourcesExhausted("more memory than a machine can have".to_owned());
        let mut sum = 0_usize;
        for length in lengths {
            let size = usize::try_from(length).ok().and_then(size_for).ok_or_else(too_much)?;
            sum = sum.checked_add(size).ok_or_else(too_much)?;
        }
        let reservation = MemoryConsumer::new(consumer).register(&self.memory);
        reservation.try_grow(sum)?;
        Ok(ReservedBuffers { buffers: Arc::clone(self), reservation: Arc::new(reservation) })
    }

    fn give_back(&self, bytes: Bytes) {
        // Whoever else has a part of it keeps it from being written to; then it is freed when that one is gone.
        let Ok(mut buffer) = bytes.try_into_mut() else { return };
        buffer.clear();
        self.lock().keep(buffer);
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn take(&mut self, size: usize) -> Option<BytesMut> {
        let buffer = self.by_size.get_mut(&size)?.pop()?;
        self.bytes -= size;
        Some(buffer)
    }

    fn keep(&mut self, buffer: BytesMut) {
        let size = buffer.capacity();
        // One that was grown or cut on its way is of no size that anyone asks for.
        if size < MIN_KEPT || size_for(size) != Some(size) || size > MAX_IDLE {
            return;
        }
        self.bytes += size;
        self.by_size.entry(size).or_default().push(buffer);
        while self.bytes > MAX_IDLE {
            self.drop_one();
        }
    }

    /// Frees a buffer of the largest size.
    fn drop_one(&mut self) {
        let Some(mut largest) = self.by_size.last_entry() else { return };
        let size = *largest.key();
        if largest.get_mut().pop().is_some() {
            self.bytes -= size;
        }
        if largest.get().is_empty() {
            largest.remove();
        }
    }
}

/// The size of the buffer for so many bytes: an eighth more at most, so that there are few sizes and a buffer finds another use.
fn size_for(length: usize) -> Option<usize> {
    if length < MIN_KEPT {
        return Some(length);
    }
    let step = length.checked_next_power_of_two()? / 16;
    length.checked_next_multiple_of(step)
}

/// Checked: a session may be allowed more than what the machine can give.
fn fresh(size: usize) -> Result<BytesMut, TryReserveError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(size)?;
    // Nothing is copied, since nobody else has these bytes.
    Ok(BytesMut::from(Bytes::from(memory)))
}

/// Buffers that memory was reserved for. It stays reserved until all of them, and all that shares them, are gone.
#[derive(Clone)]
pub struct ReservedBuffers {
    buffers: Arc<Buffers>,
    reservation: Arc<MemoryReservation>,
}

impl ReservedBuffers {
    /// An empty buffer with room for so many bytes.
    ///
    /// # Errors
    /// When the machine has not so much memory.
    pub fn try_take(&self, length: usize) -> Result<BytesMut, TryReserveError> {
        // What has no size was refused when it was reserved.
        let size = size_for(length).unwrap_or(length);
        let idle = self.buffers.lock().take(size);
        idle.map_or_else(|| fresh(size), Ok)
    }
}

impl Memory for ReservedBuffers {
    fn take(&self, length: usize) -> BytesMut {
        // Where so much can't be had, growing the empty one says so.
        self.try_take(length).unwrap_or_default()
    }

    fn share(&self, made: BytesMut) -> Bytes {
        let bytes = made.freeze();
        Bytes::from_owner(Shared {
            bytes,
            buffers: Arc::clone(&self.buffers),
            _reservation: Arc::clone(&self.reservation),
        })
    }
}

impl fmt::Debug for ReservedBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReservedBuffers").field("reserved", &self.reservation.size()).finish()
    }
}

struct Shared {
    bytes: Bytes,
    buffers: Arc<Buffers>,
    _reservation: Arc<MemoryReservation>,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.buffers.give_back(mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    fn buffers(limit: usize) -> (Arc<Buffers>, Arc<dyn MemoryPool>) {
        let memory: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(limit));
        (Buffers::new(Arc::clone(&memory)), memory)
    }

    fn read(buffers: &Arc<Buffers>, length: usize, byte: u8) -> Bytes {
        let reserved = buffers.reserve([length as u64].into_iter(), "test").unwrap();
        let mut buffer = reserved.take(length);
        assert!(buffer.is_empty());
        buffer.resize(length, byte);
        reserved.share(buffer)
    }

    #[test]
    fn a_buffer_is_used_again_when_its_last_reader_is_gone() {
        let (buffers, memory) = buffers(1 << 30);
        let first = read(&buffers, 1_000_000, 1);
        let (place, part) = (first.as_ptr(), first.slice(10..20));
        drop(first);
        let other = read(&buffers, 1_000_000, 2);
        assert_ne!(other.as_ptr(), place, "a part of the first is still read");
        assert_eq!(part, [1; 10][..]);
        drop(part);
        let again = read(&buffers, 990_000, 3);
        assert_eq!(again.as_ptr(), place);
        assert_eq!(again.len(), 990_000);
        drop((other, again));
        assert_eq!(memory.reserved(), 0);
    }

    #[test]
    fn memory_is_reserved_as_long_as_a_part_of_it_is_held() {
        let (buffers, memory) = buffers(100_000);
        let part = read(&buffers, 50_000, 1).slice(7..8);
        assert_eq!(memory.reserved(), 50_000);
        assert!(buffers.reserve([60_000].into_iter(), "test").is_err());
        assert!(buffers.reserve([u64::MAX, 1].into_iter(), "test").is_err());
        drop(part);
        assert_eq!(memory.reserved(), 0);
    }

    #[test]
    fn what_is_kept_has_a_limit_and_the_largest_goes_first() {
        let (buffers, _memory) = buffers(1 << 30);
        let held: Vec<Bytes> =
            [MAX_IDLE / 2, MAX_IDLE / 2, MIN_KEPT, 10, MAX_IDLE + 1].map(|length| read(&buffers, length, 1)).to_vec();
        drop(held);
        let idle = buffers.lock();
        assert_eq!(idle.bytes, MAX_IDLE / 2 + MIN_KEPT);
        assert_eq!(idle.by_size.keys().copied().collect::<Vec<_>>(), [MIN_KEPT, MAX_IDLE / 2]);
    }

    #[test]
    fn sizes_are_an_eighth_too_large_at_most() {
        for length in [0, 1, MIN_KEPT - 1, MIN_KEPT, MIN_KEPT + 1, 1_000_000, (1 << 20) + 1, usize::MAX / 4] {
            let size = size_for(length).unwrap();
            assert!(size >= length && size - length <= length / 8, "{length}: {size}");
            assert_eq!(size_for(size), Some(size));
        }
        assert_eq!(size_for(usize::MAX), None);
    }
}
