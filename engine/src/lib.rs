//! The query engine that runs inside the enclave.
