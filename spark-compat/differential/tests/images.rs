//! The images of the reference cluster stay in step with the reference that they hold: read as text, no Docker is needed.

use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = project().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reference() -> PathBuf {
    project().join("spark-compat/differential/reference")
}

const DOCKERFILES: [&str; 4] = ["setup", "master", "worker", "submit"];

fn dockerfile(name: &str) -> String {
    read(format!("docker/spark/{name}.Dockerfile"))
}

/// What the COPY lines of a Dockerfile take from the build context.
fn copied(dockerfile: &str) -> Vec<&str> {
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    lines.flat_map(|line| line.split(' ').filter(|word| !word.starts_with('-') && !word.starts_with('/'))).collect()
}

#[test]
fn tags_are_the_version_that_the_requirements_pin() {
    let requirements = read("spark-compat/differential/reference/requirements.txt");
    let version = requirements.lines().find_map(|line| line.strip_prefix("pyspark==")).unwrap();
    let version = version.trim_end_matches(['\\', ' ']);
    let compose = read("docker/spark/compose.yaml");
    for name in DOCKERFILES {
        assert!(compose.contains(&format!("image: casemate-spark-{name}:{version}\n")), "{name} {version}");
    }
    for name in ["master", "worker", "submit"] {
        assert!(dockerfile(name).contains(&format!("ARG SETUP=casemate-spark-setup:{version}\n")), "{name} {version}");
    }
}

#[test]
fn the_runner_is_copied_with_all_that_it_imports() {
    let setup = dockerfile("setup");
    let copied = copied(&setup);
    assert!(copied.contains(&"reference.py"), "{copied:?}");
    for name in &copied {
        let text = fs::read_to_string(reference().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let imported = text.lines().filter_map(|line| line.strip_prefix("from ").or(line.strip_prefix("import ")));
        for module in imported.filter_map(|line| line.split(' ').next()).map(|module| format!("{module}.py")) {
            let is_ours = reference().join(&module).exists();
            assert!(!is_ours || copied.contains(&module.as_str()), "{name} imports {module}, which is not copied");
        }
    }
    for name in ["master", "worker", "submit"] {
        let text = dockerfile(name);
        for file in self::copied(&text) {
            assert!(project().join("docker/spark").join(file).exists(), "{name} copies {file}");
        }
    }
}

#[test]
fn no_container_runs_as_root_or_publishes_a_port() {
    let user = |name: &str| {
        dockerfile(name).lines().filter_map(|line| line.strip_prefix("USER ").map(str::to_owned)).next_back()
    };
    assert_eq!(user("setup").as_deref(), Some("spark"));
    for name in ["master", "worker", "submit"] {
        assert_eq!(user(name), None, "{name} changes the user of setup");
    }
    let compose = read("docker/spark/compose.yaml");
    assert!(!compose.contains("ports:") && compose.contains("internal: true"));
    assert_eq!(compose.matches("<<: *contained").count(), 3, "each service that runs is contained");
}
