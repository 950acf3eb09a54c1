//! Addresses of engines, parents and storage servers: `tcp://`, `unix://`, `vsock://` and `vsock+unix://`.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where to listen or whom to call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// `tcp://host:port`
    Tcp(String),
    /// `unix:///path/to/socket`
    Unix(PathBuf),
    /// `vsock://cid:port`; to listen on every context id, the cid is written `any`.
    Vsock {
        /// Context id: the parent instance is 3, an enclave the number it was started with.
        cid: u32,
        /// Port.
        port: u32,
    },
    /// `vsock+unix:///path/to/socket:port`: a vsock port of the one virtual machine that a monitor such as Firecracker,
    /// Cloud Hypervisor or vhost-device-vsock shows its host as a Unix socket. Called, it is a port of the guest; listened
    /// on, it is the port that the guest calls on its host.
    HybridVsock {
        /// The monitor's socket.
        path: PathBuf,
        /// Port.
        port: u32,
    },
}

/// VMADDR_CID_ANY of `linux/vm_sockets.h`.
const CID_ANY: u32 = u32::MAX;

/// A text that is not an address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not an address: {problem}; write tcp://HOST:PORT, unix:///PATH, vsock://CID:PORT or vsock+unix:///PATH:PORT"
)]
pub struct AddressError {
    text: String,
    problem: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map_err(|problem| AddressError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Address, &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("it names no scheme")?;
    match scheme {
        "tcp" => parse_tcp(rest),
        "unix" if rest.is_empty() => Err("the path is missing"),
        "unix" => Ok(Address::Unix(PathBuf::from(rest))),
        "vsock" => parse_vsock(rest),
        "vsock+unix" => parse_hybrid(rest),
        _ => Err("its scheme is unknown"),
    }
}

fn parse_tcp(rest: &str) -> Result<Address, &'static str> {
    let (host, port) = rest.rsplit_once(':').ok_or("the port is missing")?;
    if host.is_empty() {
        return Err("the host is missing");
    }
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        return Err("an IPv6 host stands in brackets");
    }
    port.parse::<u16>().map_err(|_| "the port is not a number from 0 to 65535")?;
    Ok(Address::Tcp(rest.to_owned()))
}

fn parse_vsock(rest: &str) -> Result<Address, &'static str> {
    let (cid, port) = rest.split_once(':').ok_or("the port is missing")?;
    let cid = if cid == "any" { CID_ANY } else { cid.parse().map_err(|_| "the context id is not a number")? };
    Ok(Address::Vsock { cid, port: vsock_port(port)? })
}

fn parse_hybrid(rest: &str) -> Result<Address, &'static str> {
    // A path may hold a colon itself.
    let (path, port) = rest.rsplit_once(':').ok_or("the port is missing")?;
    match path {
        "" => Err("the path is missing"),
        path => Ok(Address::HybridVsock { path: PathBuf::from(path), port: vsock_port(port)? }),
    }
}

fn vsock_port(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "the port is not a number")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host_port) => write!(f, "tcp://{host_port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Vsock { cid: CID_ANY, port } => write!(f, "vsock://any:{port}"),
            Self::Vsock { cid, port } => write!(f, "vsock://{cid}:{port}"),
            Self::HybridVsock { path, port } => write!(f, "vsock+unix://{}:{port}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_it_was_written() {
        for text in [
            "tcp://127.0.0.1:7400",
            "tcp://[::1]:1",
            "tcp://host.example:0",
            "unix:///run/c.sock",
            "vsock://16:5005",
            "vsock://any:5005",
            "vsock+unix:///run/enclave.vsock:5005",
            "vsock+unix:///run/a:b:5005",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_the_forms_that_are() {
        for text in [
            "",
            "7400",
            "tcp://",
            "tcp://:1",
            "tcp://h",
            "tcp://h:70000",
            "tcp://::1:1",
            "unix://",
            "vsock://x:1",
            "vsock://1",
            "vsock+unix://:1",
            "vsock+unix:///run/enclave.vsock",
            "vsock+unix:///run/enclave.vsock:",
            "http://h:1",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.to_string().contains("vsock://CID:PORT"), "{error}");
        }
    }
}
