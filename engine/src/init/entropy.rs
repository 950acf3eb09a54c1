//! Random numbers from the NSM: an enclave has no disk with a seed on it and hardly any interrupts to learn from.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use casemate_wire::attestation::{DeviceNsm, NsmError};
use zeroize::Zeroize;

use super::console::say;
use super::error::InitError;

/// The most that one request of the pool takes here; the module gives no more.
const MAX_BYTES: usize = 256;

/// Takes random bytes from the NSM into the kernel's pool, before anything makes a key. A machine without the device is no
/// enclave: its kernel's own sources must do.
pub(super) fn seed_from_nsm() -> Result<(), InitError> {
    let nsm = match DeviceNsm::open() {
        Ok(nsm) => nsm,
        Err(NsmError::NoDevice(error)) => {
            say(format_args!("no random numbers from the NSM, /dev/nsm does not open ({error})"));
            return Ok(());
        }
        Err(error) => return Err(InitError::Random(error)),
    };
    let random = nsm.random().map_err(InitError::Random)?;
    let taken = add_to_pool(&random).map_err(InitError::RandomPool)?;
    say(format_args!("{taken} random bytes from the NSM"));
    Ok(())
}

/// `struct rand_pool_info` of linux/random.h.
#[repr(C)]
struct PoolInfo {
    entropy_bits: i32,
    buffer_bytes: i32,
    buffer: [u8; MAX_BYTES],
}

// `RNDADDENTROPY` of linux/random.h. Its number is made with the size of the structure's two numbers.
nix::ioctl_write_ptr_bad!(add_entropy, nix::request_code_write!(b'R', 3, size_of::<[i32; 2]>()), PoolInfo);

/// Mixes the bytes into the pool and counts each of their bits. Gives how many bytes that were.
fn add_to_pool(random: &[u8]) -> io::Result<usize> {
    let pool = File::open("/dev/random")?;
    let taken = random.len().min(MAX_BYTES);
    let mut info = PoolInfo { entropy_bits: 8 * taken as i32, buffer_bytes: taken as i32, buffer: [0; MAX_BYTES] };
    info.buffer.iter_mut().zip(random).for_each(|(to, from)| *to = *from);
    // SAFETY: RNDADDENTROPY takes a pointer to a `rand_pool_info`, which `PoolInfo` is, and reads `buffer_bytes` of its
    // buffer, which are there. It changes nothing.
    let added = unsafe { add_entropy(pool.as_raw_fd(), &info) };
    info.buffer.zeroize();
    added?;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_takes_bytes_from_root_and_from_nobody_else() {
        match add_to_pool(&[7; 300]) {
            Ok(taken) => assert_eq!(taken, MAX_BYTES),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}"),
        }
    }
}
