//! Enclave images: what is inside, how it is measured, and the file that the hypervisor starts.
//!
//! An image boots a kernel whose root file system comes from two ramdisks. With the engine as its own init the first
//! holds the software (PCR1 covers it together with the kernel and its command line) and the second the operator's
//! configuration (PCR2): the same software gives the same PCR1 wherever it is built, whoever may use it. With AWS's
//! init the first holds that init and its kernel module, the second the engine and its configuration.
//!
//! The same inputs give the same bytes: names are sorted, times and owners fixed, and nothing of the machine that
//! builds gets in.
//!
//! - [`image`] puts an image together; [`eif`] is the file's format, written and read;
//! - [`root`] is a tree of files, [`cpio`] and [`ramdisk`] pack it;
//! - [`container`], [`libraries`], [`modules`] and [`kernel`] read what goes in.

pub mod container;
pub mod cpio;
pub mod eif;
mod error;
pub mod image;
pub mod kernel;
pub mod layout;
pub mod libraries;
pub mod modules;
pub mod ramdisk;
pub mod root;

pub use error::ImageError;
pub(crate) use error::read_file;
