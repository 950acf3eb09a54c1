//! Bytes that stay reserved in a session's memory until their last holder is gone.

use std::sync::Arc;

use bytes::Bytes;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use object_store::Result;

use super::generic;

/// Reserves `length` bytes of `memory`.
pub(super) fn reserve(memory: &Arc<dyn MemoryPool>, length: u64) -> Result<MemoryReservation> {
    let reservation = MemoryConsumer::new("data of encrypted files").register(memory);
    let length = usize::try_from(length).map_err(|error| generic(Box::new(error)))?;
    reservation.try_grow(length).map_err(|error| generic(Box::new(error)))?;
    Ok(reservation)
}

/// The same bytes, which hold `reservation` as long as any of them is there.
pub(super) fn hold(bytes: Vec<Bytes>, reservation: MemoryReservation) -> Vec<Bytes> {
    let reservation = Arc::new(reservation);
    let hold = |bytes| Bytes::from_owner(Held { bytes, _reservation: Arc::clone(&reservation) });
    bytes.into_iter().map(hold).collect()
}

struct Held {
    bytes: Bytes,
    _reservation: Arc<MemoryReservation>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
