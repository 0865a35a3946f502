//! A test bench: a store, files to log, and a folder to download them to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use artifact_core::ports::{ArtifactRecord, ArtifactRegistry, BlobTransfer, PageRequest};
use artifact_core::{ArtifactDraft, FileStamp, ProjectAddress, Source};
use artifact_flows::{
    FetchOptions, Fetched, Flow, FlowError, NoProgress, Prepared, Progress, Purpose,
    ResolverLookup, SaveTarget, Saved, StatCache, fetch, prepare, save, stat_file,
};
use artifact_store::{Engine, EngineOptions};
use blob_stores::FolderBlobs;
use metadata_sql::{DATABASE_FILE, SqliteMetadata};
use storage_adapters::Resolvers;
use tempfile::TempDir;

/// The name of the collection that tests log to.
pub(crate) const NAME: &str = "data";

/// A store, a folder `data` to log, a folder `out` to get it back to.
pub(crate) struct Workbench {
    folder: TempDir,
    pub(crate) flow: Flow,
}

impl Workbench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let engine = open_engine(&folder.path().join("store"));
        let flow = Flow {
            registry: Arc::new(engine.clone()),
            transfer: Arc::new(engine),
            cache: None,
            versions: None,
            stat_cache: StatCache::new(folder.path().join("stat-cache")),
            progress: Arc::new(NoProgress),
            journal: None,
        };
        Self { folder, flow }
    }

    /// Returns a workbench whose folder `data` holds these files.
    pub(crate) fn with(files: &[(&str, &[u8])]) -> Self {
        let bench = Self::new();
        for (path, content) in files {
            bench.write(path, content);
        }
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the path of a file to log.
    pub(crate) fn data(&self, path: &str) -> PathBuf {
        self.path("data").join(path)
    }

    /// Returns the path of a file that was got.
    pub(crate) fn out(&self, path: &str) -> PathBuf {
        self.path("out").join(path)
    }

    /// Writes a file to log.
    pub(crate) fn write(&self, path: &str, content: &[u8]) -> PathBuf {
        let path = self.data(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Returns a flow that goes through `registry`.
    pub(crate) fn over_registry(&self, registry: impl ArtifactRegistry) -> Flow {
        Flow {
            registry: Arc::new(registry),
            ..self.flow.clone()
        }
    }

    /// Returns a flow that goes through `transfer`.
    pub(crate) fn over_transfer(&self, transfer: &Arc<impl BlobTransfer>) -> Flow {
        Flow {
            transfer: Arc::clone(transfer) as Arc<dyn BlobTransfer>,
            ..self.flow.clone()
        }
    }

    /// Returns a flow that remembers no file.
    pub(crate) fn forgetful(&self) -> Flow {
        Flow {
            stat_cache: StatCache::new(self.path("stat-cache").join(unique())),
            ..self.flow.clone()
        }
    }

    pub(crate) fn watched(&self, progress: &Arc<impl Progress>) -> Flow {
        Flow {
            progress: Arc::clone(progress) as Arc<dyn Progress>,
            ..self.flow.clone()
        }
    }

    /// Returns a draft of every file in `data`.
    pub(crate) fn draft(&self) -> ArtifactDraft {
        let mut draft = empty_draft();
        let root = self.path("data");
        for path in tree(&root).into_keys() {
            let relative = path.strip_prefix(&root).unwrap().to_str().unwrap();
            draft.add(relative.parse().unwrap(), file(path.clone()));
        }
        draft
    }

    /// Logs every file in `data`.
    pub(crate) async fn log(&self) -> ArtifactRecord {
        log(&self.flow, self.draft()).await.unwrap().record
    }

    /// Returns the committed versions, the oldest first.
    pub(crate) async fn versions(&self) -> Vec<ArtifactRecord> {
        let (project, name) = (project(), NAME.parse().unwrap());
        let page = PageRequest::first(1000);
        let versions = self.flow.registry.versions(&project, &name, page);
        // Without a version there is no collection.
        let mut versions = versions.await.map(|page| page.items).unwrap_or_default();
        versions.reverse();
        versions
    }

    /// Gets a version into `out`.
    pub(crate) async fn get(&self, record: &ArtifactRecord) -> Result<Fetched, FlowError> {
        self.get_with(record, &FetchOptions::default()).await
    }

    pub(crate) async fn get_with(
        &self,
        record: &ArtifactRecord,
        options: &FetchOptions,
    ) -> Result<Fetched, FlowError> {
        self.get_over(&self.flow, record, options).await
    }

    pub(crate) async fn get_over(
        &self,
        flow: &Flow,
        record: &ArtifactRecord,
        options: &FetchOptions,
    ) -> Result<Fetched, FlowError> {
        // What was referenced is in the workbench, too.
        let options = FetchOptions {
            allow_local_references: true,
            ..options.clone()
        };
        fetch(flow, record, &self.path("out"), &options, &resolvers()).await
    }

    /// Returns the blob that holds exactly `content`, writable.
    pub(crate) fn blob_of(&self, content: &[u8]) -> PathBuf {
        self.blob_where(|bytes| bytes == content)
    }

    /// Returns the blob of the one manifest file, writable.
    pub(crate) fn manifest_blob(&self) -> PathBuf {
        self.blob_where(|bytes| bytes.starts_with(b"{") && contains(bytes, b"\"contents\""))
    }

    fn blob_where(&self, is_wanted: impl Fn(&[u8]) -> bool) -> PathBuf {
        let blobs = self.blobs();
        let mut wanted = blobs
            .into_iter()
            .filter(|path| is_wanted(&fs::read(path).unwrap()));
        let blob = wanted.next().unwrap();
        assert_eq!(wanted.next(), None, "more than one blob fits");
        make_writable(&blob);
        blob
    }

    pub(crate) fn blobs(&self) -> Vec<PathBuf> {
        tree(&self.path("store/blobs")).into_keys().collect()
    }

    /// Asserts that the store has no drafts and no journals but those of live writers.
    pub(crate) fn assert_no_drafts(&self) {
        assert_eq!(tree(&self.path("store/tmp")).len(), 0);
    }
}

/// Makes a file writable again that was stored read-only.
fn make_writable(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(path, permissions).unwrap();
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub(crate) fn open_engine(store: &Path) -> Engine {
    let metadata = SqliteMetadata::open_or_create(store.join(DATABASE_FILE)).unwrap();
    let blobs = FolderBlobs::new(store);
    let options = EngineOptions::default().location(store.display());
    Engine::new(Arc::new(metadata), Arc::new(blobs), options)
}

pub(crate) fn project() -> ProjectAddress {
    ProjectAddress {
        entity: "team".parse().unwrap(),
        project: "vision".parse().unwrap(),
    }
}

pub(crate) fn empty_draft() -> ArtifactDraft {
    ArtifactDraft::new(NAME.parse().unwrap(), "dataset".parse().unwrap()).unwrap()
}

/// Returns a file as a source, whether it is there or not.
pub(crate) fn file(path: PathBuf) -> Source {
    let stamp = stat_file(&path).unwrap_or(FileStamp {
        size: 0,
        modified: 0,
        changed: 0,
        inode: 0,
        device: 0,
    });
    Source::File { path, stamp }
}

/// Returns the resolvers of local files.
pub(crate) fn resolvers() -> ResolverLookup {
    let resolvers = Resolvers::default();
    Arc::new(move |uri| resolvers.get(uri).map(|found| Arc::clone(found.resolver())))
}

pub(crate) async fn prepared(flow: &Flow, draft: ArtifactDraft) -> Result<Prepared, FlowError> {
    prepare(flow, draft, &resolvers(), Purpose::Save).await
}

pub(crate) async fn log(flow: &Flow, draft: ArtifactDraft) -> Result<Saved, FlowError> {
    let prepared = prepared(flow, draft).await?;
    save(flow, prepared, target()).await
}

pub(crate) fn target() -> SaveTarget {
    SaveTarget {
        project: project(),
        run: None,
        aliases: Vec::new(),
        tags: Vec::new(),
        distributed_id: None,
    }
}

/// Returns every file below `root` with its content; a symbolic link with where it leads, and not followed.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                files.insert(path, target.into_os_string().into_encoded_bytes());
            } else {
                let content = fs::read(&path).unwrap();
                files.insert(path, content);
            }
        }
    }
    files
}

/// Asserts that two folders hold the same files.
pub(crate) fn assert_same_tree(left: &Path, right: &Path) {
    let names = |root: &Path| -> Vec<_> {
        tree(root)
            .into_iter()
            .map(|(path, content)| (path.strip_prefix(root).unwrap().to_owned(), content))
            .collect()
    };
    let (left, right) = (names(left), names(right));
    let paths = |files: &[(PathBuf, Vec<u8>)]| -> Vec<_> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(paths(&left), paths(&right));
    for ((path, left), (_, right)) in left.iter().zip(&right) {
        assert!(left == right, "{} differs", path.display());
    }
}

/// Waits until the step of the file system's clock is over in which the file was written, so that any later write shows.
pub(crate) fn wait_until_settled(path: &Path) {
    let metadata = fs::metadata(path).unwrap();
    let keeps_whole_seconds = metadata.mtime_nsec() == 0 && metadata.ctime_nsec() == 0;
    let step = Duration::from_millis(if keeps_whole_seconds { 2_000 } else { 60 });
    let changed = UNIX_EPOCH + Duration::from_secs(metadata.ctime().try_into().unwrap());
    let changed = changed + Duration::from_nanos(metadata.ctime_nsec().try_into().unwrap());
    while SystemTime::now() < changed + step {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns `length` bytes that depend on `seed`, and on every earlier byte.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Returns the message of an error and of all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += ": ";
        text += &error.to_string();
        cause = error.source();
    }
    text
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}
