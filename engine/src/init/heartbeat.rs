//! The sign of life that `nitro-cli run-enclave` waits for.

use std::io;
use std::time::Duration;

use casemate_wire::address::Address;
use casemate_wire::transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::console::say;

/// Where the parent waits for it.
const PORT: u32 = 9000;
/// What is sent, and comes back.
const HEARTBEAT: u8 = 0xb7;
/// `nitro-cli` answers at once; a host that knows nothing of it is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells the parent that the enclave is up. Without an answer the engine runs all the same: on Nitro the parent ends an
/// enclave that it has not heard of, and elsewhere nobody waits for it.
pub(super) async fn send(parent_cid: u32) {
    let address = Address::Vsock { cid: parent_cid, port: PORT };
    match timeout(PATIENCE, exchange(&address)).await {
        Ok(Ok(())) => say(format_args!("the parent has taken the heartbeat")),
        Ok(Err(error)) => say(format_args!("no heartbeat to {address}: {error}")),
        Err(_) => say(format_args!("no heartbeat to {address}: no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn exchange(address: &Address) -> io::Result<()> {
    let mut parent = transport::connect(address).await?;
    parent.write_all(&[HEARTBEAT]).await?;
    match parent.read_u8().await? {
        HEARTBEAT => Ok(()),
        other => Err(io::Error::new(io::ErrorKind::InvalidData, format!("the answer was {other:#04x}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_wire::transport::Listener;

    /// What comes of an exchange with a parent that answers with these bytes.
    async fn with_answer(answer: &'static [u8]) -> io::Result<()> {
        let listener = Listener::bind(&"tcp://127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address();
        let parent = async {
            let mut enclave = listener.accept().await.unwrap();
            assert_eq!(enclave.read_u8().await.unwrap(), 0xb7);
            enclave.write_all(answer).await.unwrap();
        };
        tokio::join!(exchange(&address), parent).0
    }

    #[tokio::test]
    async fn the_byte_that_nitro_cli_sends_back_is_the_answer() {
        with_answer(&[0xb7]).await.unwrap();
    }

    #[tokio::test]
    async fn another_answer_or_none_is_an_error() {
        assert!(with_answer(&[0x7b]).await.is_err());
        assert!(with_answer(&[]).await.is_err());
    }
}
