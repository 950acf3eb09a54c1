//! A virtual machine that boots an engine: QEMU, and a vsock device that shows its host a Unix socket.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use casemate_wire::address::Address;
use casemate_wire::transport::{self, Listener};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::tools::{NitroMachine, StockMachine};

/// How long a machine may take until its engine listens, or until it has ended. Software emulation on two cores that
/// others use too takes 10 to 40 s.
const PATIENCE: Duration = Duration::from_secs(150);
/// Between two looks at something that sends no event.
const PAUSE: Duration = Duration::from_millis(100);

/// The guest's context id. No other machine of these tests can reach it.
const GUEST_CID: u32 = 16;
/// Where a parent instance waits for the heartbeat.
const HEARTBEAT_PORT: u32 = 9000;
/// Where the engine listens in its guest.
pub const ENGINE_PORT: u32 = 5005;
/// The host as guests of these machines call it; on Nitro the parent is 3.
pub const HOST_CID: u32 = 2;

/// A machine that runs until it ends or is dropped.
pub struct Machine {
    qemu: Child,
    _vsock_device: Child,
    heartbeat: JoinHandle<io::Result<u8>>,
    folder: TempDir,
    started: Instant,
}

impl Machine {
    /// Boots a stock kernel with an initramfs, on an ordinary PC.
    pub async fn boot_stock(tools: &StockMachine, initramfs: &Path, command_line: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder in the temporary one");
        let mut qemu = Command::new(&tools.qemu);
        qemu.args(["-M", "q35,memory-backend=mem", "-m", "1536M", "-append", command_line])
            .args(["-object", "memory-backend-memfd,id=mem,size=1536M,share=on"])
            .args(["-device", "vhost-user-vsock-pci,chardev=vsock"])
            .arg("-kernel")
            .arg(&tools.kernel)
            .arg("-initrd")
            .arg(initramfs);
        Self::boot(&tools.vsock_device, qemu, folder).await
    }

    /// Boots an enclave image on QEMU's emulation of a Nitro enclave. `parent_id` is the instance that PCR4 measures.
    pub async fn boot_nitro(tools: &NitroMachine, image: &Path, module_id: &str, parent_id: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder in the temporary one");
        let mut qemu = Command::new(&tools.qemu);
        qemu.args(["-L", "/usr/share/qemu", "-L", "/usr/share/seabios", "-m", "1536M"])
            .args(["-M", &format!("nitro-enclave,vsock=vsock,id={module_id},parent-id={parent_id}")])
            .arg("-kernel")
            .arg(image);
        Self::boot(&tools.vsock_device, qemu, folder).await
    }

    async fn boot(vsock_device: &Path, mut qemu: Command, folder: TempDir) -> Self {
        let at = |name: &str| folder.path().join(name);
        let device = at("device.sock");
        let vm = format!("guest-cid={GUEST_CID},socket={},uds-path={}", device.display(), at(VSOCK).display());
        let heartbeat = Address::HybridVsock { path: at(VSOCK), port: HEARTBEAT_PORT };
        let heartbeat = tokio::spawn(answer_heartbeat(Listener::bind(&heartbeat).await.expect("a socket")));
        let vsock_device = spawn(Command::new(vsock_device).args(["--vm", &vm]), &at("vsock-device.log"));
        eventually("the vsock device to listen", || device.exists()).await;
        let qemu = spawn(
            qemu.args(["-accel", "tcg", "-cpu", "max", "-smp", "2", "-nodefaults", "-display", "none", "-no-reboot"])
                .args(["-chardev", &format!("socket,id=vsock,path={}", device.display())])
                .args(["-serial", &format!("file:{}", at(CONSOLE).display())]),
            &at("qemu.log"),
        );
        Self { qemu, _vsock_device: vsock_device, heartbeat, folder, started: Instant::now() }
    }

    /// A vsock port of the guest, or the port of its host that it calls.
    pub fn port(&self, port: u32) -> Address {
        Address::HybridVsock { path: self.folder.path().join(VSOCK), port }
    }

    /// The byte with which the guest told its parent that it is up.
    ///
    /// # Panics
    /// When it told nothing, or twice.
    pub async fn heartbeat(&mut self) -> u8 {
        (&mut self.heartbeat).await.expect("one heartbeat").expect("a heartbeat")
    }

    /// Everything that was printed on the serial console so far.
    pub fn console(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join(CONSOLE)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }

    /// A file of this machine's own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Waits until the engine takes connections.
    ///
    /// # Panics
    /// When the machine ends before that, or takes too long, with what it printed.
    pub async fn await_engine(&mut self) {
        let address = self.port(ENGINE_PORT);
        while transport::connect(&address).await.is_err() {
            let ended = self.qemu.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "the machine ended before its engine listened:\n{}", self.told());
            assert!(self.started.elapsed() < PATIENCE, "no engine within {PATIENCE:?}:\n{}", self.told());
            sleep(PAUSE).await;
        }
        println!("the engine took connections after {:.1} s", self.started.elapsed().as_secs_f64());
    }

    /// Waits until the machine has ended by itself.
    ///
    /// # Panics
    /// When it takes too long, with what it printed.
    pub async fn await_end(&mut self) -> ExitStatus {
        match timeout(PATIENCE, self.qemu.wait()).await {
            Ok(status) => {
                println!("the machine ended after {:.1} s", self.started.elapsed().as_secs_f64());
                status.expect("a child can be waited for")
            }
            Err(_) => panic!("the machine does not end:\n{}", self.told()),
        }
    }

    fn told(&self) -> String {
        let qemu = std::fs::read_to_string(self.file("qemu.log")).unwrap_or_default();
        format!("{}\n{qemu}", self.console())
    }
}

/// Does what `nitro-cli run-enclave` does: takes a byte, and sends it back.
async fn answer_heartbeat(listener: Listener) -> io::Result<u8> {
    let mut guest = listener.accept().await?;
    let byte = guest.read_u8().await?;
    guest.write_u8(byte).await?;
    Ok(byte)
}

const VSOCK: &str = "guest.vsock";
const CONSOLE: &str = "console.log";

fn spawn(command: &mut Command, log: &Path) -> Child {
    let log = File::create(log).expect("a log file in the machine's folder");
    let also = log.try_clone().expect("a file can be shared");
    command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(also)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("can't start {:?}: {error}", command.as_std().get_program()))
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        sleep(PAUSE).await;
    }
}
