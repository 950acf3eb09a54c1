//! The loopback network, which libraries take for granted. There is no other network in an enclave.

use std::io;
use std::os::fd::AsRawFd;

use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket};

use super::console::say;

/// Brings the interface `lo` up. A kernel without networking has none, and the engine does without.
pub(super) fn bring_up() {
    if let Err(error) = set_up(LOOPBACK_INDEX) {
        say(format_args!("the loopback interface stays down: {error}"));
    }
}

/// The kernel makes `lo` first in every network namespace.
const LOOPBACK_INDEX: i32 = 1;

// From linux/rtnetlink.h, linux/netlink.h and linux/if.h.
const RTM_NEWLINK: u16 = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const IFF_UP: u32 = 1;

const HEADER_BYTES: usize = 16;
const MESSAGE_BYTES: usize = HEADER_BYTES + 16;

fn set_up(index: i32) -> io::Result<()> {
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    sendto(socket.as_raw_fd(), &request(index), &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    let mut answer = [0; 128];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    acknowledged(answer.get(..length).unwrap_or_default())
}

/// A header (`struct nlmsghdr`) and the interface with its flag (`struct ifinfomsg`), in the machine's byte order.
fn request(index: i32) -> [u8; MESSAGE_BYTES] {
    let fields: [&[u8]; 10] = [
        &(MESSAGE_BYTES as u32).to_ne_bytes(),
        &RTM_NEWLINK.to_ne_bytes(),
        &(NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes(),
        &1_u32.to_ne_bytes(), // sequence number
        &0_u32.to_ne_bytes(), // from this process
        &[0; 2],              // address family: any; padding
        &[0; 2],              // device type: as it is
        &index.to_ne_bytes(),
        &IFF_UP.to_ne_bytes(),
        &IFF_UP.to_ne_bytes(), // the flags that change
    ];
    let mut message = [0; MESSAGE_BYTES];
    for (to, from) in message.iter_mut().zip(fields.into_iter().flatten()) {
        *to = *from;
    }
    message
}

/// An answer of type error with the number 0 says that it is done.
fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    let number = answer.get(HEADER_BYTES..HEADER_BYTES + 4).and_then(|bytes| bytes.try_into().ok());
    match (kind, number.map(i32::from_ne_bytes)) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(negative)) => Err(io::Error::from_raw_os_error(negative.saturating_neg())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer is none to a request of rtnetlink")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_understands_the_request() {
        // The interface of the highest number does not exist: the kernel says so, or that this user may not ask. An answer
        // to a malformed request would be another.
        let error = set_up(i32::MAX).unwrap_err();
        let understood = [nix::errno::Errno::ENODEV, nix::errno::Errno::EPERM].map(|errno| Some(errno as i32));
        assert!(understood.contains(&error.raw_os_error()), "{error}");
    }

    #[test]
    fn an_answer_that_is_none_is_an_error() {
        for answer in [&[][..], &[0; 15], &[0; 20]] {
            assert!(acknowledged(answer).is_err());
        }
    }
}
