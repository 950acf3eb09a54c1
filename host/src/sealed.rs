//! Results kept sealed: the records as they came from the enclave, in a file that the client's result key opens later.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use casemate_wire::keys::ResultKey;
use casemate_wire::sealed_file::{SealedFileReader, SealedFileWriter};
use casemate_wire::session::ResultItem;
use futures::Stream;

use crate::client::Client;
use crate::error::{HostError, Result};

/// Runs `sql` and writes the sealed answer to `to`; `progress` is told how many bytes have been written. Nothing is
/// opened: whether the query succeeded shows when the file is opened.
pub async fn keep<W: Write>(
    client: &mut Client,
    sql: &str,
    key: &ResultKey,
    to: W,
    mut progress: impl FnMut(u64),
) -> Result<W> {
    let (secret, mut answer) = client.query_sealed(sql).await?;
    let mut file = SealedFileWriter::create(to, &secret, key)?;
    let mut bytes = 0;
    loop {
        let frame = answer.next().await?;
        file.frame(&frame)?;
        bytes += u64::from(frame.header().len);
        progress(bytes);
        if frame.header().last {
            return Ok(file.finish()?);
        }
    }
}

/// The items of a sealed result. Each is authenticated when it is given out, and the end of the stream is an error unless
/// the whole answer was there.
pub fn open(path: &Path, key: &ResultKey) -> Result<impl Stream<Item = Result<ResultItem>> + use<>> {
    let file = File::open(path).map_err(HostError::io(format!("can't read {}", path.display())))?;
    Ok(items(BufReader::new(file), key)?)
}

/// The items of a sealed result in `input`; see [`open`].
pub fn items<R: Read>(
    input: R,
    key: &ResultKey,
) -> casemate_wire::Result<impl Stream<Item = Result<ResultItem>> + use<R>> {
    let reader = SealedFileReader::open(input, key)?;
    Ok(futures::stream::try_unfold(
        reader,
        |mut reader| async move { Ok(reader.next_item()?.map(|item| (item, reader))) },
    ))
}
