use artifact_core::ports::*;
use artifact_core::*;
use artifact_store::*;
use std::sync::Arc;
use std::time::Instant;
fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let n: usize = 100_000;
    let t = Instant::now();
    let engine = Engine::open_or_create(&folder, EngineOptions::default()).unwrap();
    eprintln!("open {:?}", t.elapsed());
    let rt = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let round = |tag: u8, version_name: &str| {
        let content = |i: usize| {
            let mut v = vec![tag; 1024];
            v[..8].copy_from_slice(&(i as u64).to_le_bytes());
            v
        };
        let t = Instant::now();
        let next = std::sync::atomic::AtomicUsize::new(0);
        let out = std::sync::Mutex::new(vec![None; n]);
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    let mut mine = vec![];
                    loop {
                        let start = next.fetch_add(100, std::sync::atomic::Ordering::Relaxed);
                        if start >= n {
                            break;
                        }
                        for i in start..start + 100 {
                            let c = content(i);
                            let key = engine.ingest_bytes(&c).unwrap().unwrap();
                            mine.push((i, key));
                        }
                    }
                    let mut o = out.lock().unwrap();
                    for (i, k) in mine {
                        o[i] = Some(k);
                    }
                });
            }
        });
        eprintln!("ingest_bytes {:?}", t.elapsed());
        let keys = out.into_inner().unwrap();
        let mut specs = vec![];
        let mut digester = manifest::ArtifactDigester::new(DigestAlgorithm::Md5);
        let mut contents = String::new();
        for i in 0..n {
            let path: LogicalPath = format!("{:03}/{:06}.bin", i / 1000, i).parse().unwrap();
            let digest = ContentDigest::Md5(md5_lanes::Md5::digest(&content(i)));
            digester.entry(&path, &digest.into());
            if i > 0 {
                contents.push(',');
            }
            contents += &format!(
                "{:?}:{{\"digest\":\"{digest}\",\"size\":1024,\"birthArtifactID\":\"QXJ0aWZhY3Q6MQ==\",\"skip_cache\":false}}",
                path.as_str()
            );
            specs.push(UploadSpec {
                path,
                digest,
                size: 1024,
                stored_as: keys[i],
            });
        }
        let project = ProjectAddress {
            entity: "e".parse().unwrap(),
            project: "p".parse().unwrap(),
        };
        rt.block_on(async {
            let t = Instant::now();
            let c = engine.create_artifact(CreateArtifact{project, name: version_name.parse().unwrap(), artifact_type:"dataset".parse().unwrap(), run:None, digest: digester.finish(), algorithm: DigestAlgorithm::Md5, description:None, metadata: Metadata::default(), ttl: Ttl::Inherit, aliases: vec![], tags: vec![]}).await.unwrap();
            let m = engine.create_manifest(CreateManifest{artifact:c.id.clone(), base: None, kind: ManifestKind::Full, upload: None}).await.unwrap();
            eprintln!("create {:?}", t.elapsed());
            let t = Instant::now();
            for chunk in specs.chunks(10_000) { let t = Instant::now(); let g = engine.request_uploads(&c.id, &m.id, chunk.to_vec()).await.unwrap(); assert!(g.iter().all(|g| g.ticket.is_none())); eprintln!("  batch {:?}", t.elapsed()); }
            eprintln!("request_uploads {:?}", t.elapsed());
            let file = format!("{{\"version\":1,\"storagePolicy\":\"wandb-storage-policy-v1\",\"storagePolicyConfig\":{{\"storageLayout\":\"V2\"}},\"contents\":{{{contents}}}}}");
            let d = ContentDigest::Md5(md5_lanes::Md5::digest(file.as_bytes()));
            let t = Instant::now();
            let m = engine.create_manifest(CreateManifest{artifact:c.id.clone(), base: None, kind: ManifestKind::Full, upload: Some(d)}).await.unwrap();
            engine.upload(&m.upload.unwrap(), UploadBody::Bytes(file.as_bytes())).await.unwrap();
            eprintln!("manifest {} MB {:?}", file.len()>>20, t.elapsed());
            let t = Instant::now();
            let r = engine.commit_artifact(&c.id).await.unwrap();
            eprintln!("commit {:?} {} {}", t.elapsed(), r.address(), r.file_count);
        });
    };
    round(1, "one");
    eprintln!("-- same content again, other collection");
    round(1, "two");
    let t = Instant::now();
    drop(round);
    drop(engine);
    eprintln!("drop {:?}", t.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    eprintln!(
        "{}",
        status
            .lines()
            .filter(|l| l.starts_with("VmHWM"))
            .collect::<String>()
    );
    let _ = Arc::new(());
}
