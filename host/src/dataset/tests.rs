//! Datasets sealed, signed, shown and verified in a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use casemate_wire::keys::DataKey;
use casemate_wire::manifest::{Content, Integrity, ManifestColumn};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use sealed_parquet::KeyLength;

use super::encryption::ParquetFile;
use super::*;
use crate::files::Keys;

const PEOPLE: &str = "name,age,born,seen,zip\n\"Lovelace, Ada\",36,1815-12-10,2021-03-09 10:11:12,00123\nTuring,41,1912-06-23,,04711\n,,,,\n";

struct Place {
    folder: tempfile::TempDir,
    keys: Keys,
}

impl Place {
    fn new() -> Self {
        let mut keys = Keys::generate().unwrap();
        keys.data_keys.insert_master("m", DataKey::generate().unwrap()).unwrap();
        keys.data_keys.insert_master("pay", DataKey::generate().unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), keys }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn seal(&self, input: &str, change: impl FnOnce(&mut SealOptions)) -> Result<Sealed, DatasetError> {
        let mut options = SealOptions {
            source: SourceOptions::default(),
            key: "m".into(),
            column_keys: BTreeMap::new(),
            key_length: KeyLength::Bits256,
            plaintext_footer: false,
            compression: Compression::SNAPPY,
            row_group_rows: 1_000,
            sign: SignOptions::default(),
        };
        change(&mut options);
        seal(&self.path(input), &self.path("sealed"), &self.keys, &options, &|_, _| Ok(()))
    }

    fn verify(&self, path: &str) -> Verified {
        verify(&self.path(path), Some(&self.keys), &self.keys.trusted_signers(), &|_, _| Ok(())).unwrap()
    }

    /// All rows of a sealed file.
    fn read(&self, file: &str) -> Vec<arrow::array::RecordBatch> {
        let parquet = ParquetFile::open(&self.path(file), Some(&self.keys)).unwrap().unwrap();
        parquet.content.unwrap().rows().unwrap().collect::<Result<_, _>>().unwrap()
    }
}

fn types(columns: &[ManifestColumn]) -> Vec<(&str, &str)> {
    columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect()
}

#[test]
fn a_csv_file_becomes_an_encrypted_signed_table() {
    let place = Place::new();
    place.write("people.csv", PEOPLE);
    let sealed = place.seal("people.csv", |_| ()).unwrap();
    assert_eq!(sealed.rows, 3);
    assert_eq!((sealed.manifest.dataset.as_str(), sealed.manifest.version), ("sealed", 1));
    let expected = [("name", "string"), ("age", "bigint"), ("born", "date"), ("seen", "timestamp"), ("zip", "string")];
    assert_eq!(types(&sealed.columns), expected);
    let [file] = sealed.manifest.files() else { panic!("one file") };
    assert_eq!((file.content, file.rows), (Content::Encrypted, None));
    assert!(matches!(file.integrity, Integrity::Footer(_)));

    for file in ["sealed/part-00000.parquet", "sealed/_casemate.manifest"] {
        let bytes = fs::read(place.path(file)).unwrap();
        for secret in ["Lovelace", "Turing", "zip", "born"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in {file}");
        }
    }
    let rows = place.read("sealed/part-00000.parquet");
    assert_eq!(rows[0].column(0).as_string::<i32>().value(0), "Lovelace, Ada");
    assert_eq!(rows[0].column(4).as_string::<i32>().value(1), "04711");
    assert_eq!(rows[0].column(1).null_count(), 1);
    let verified = place.verify("sealed");
    assert_eq!((verified.problems.len(), verified.decrypted, verified.locked), (0, 1, 0));
}

#[test]
fn json_lines_keep_their_nesting_and_folders_of_partitions_stay() {
    let place = Place::new();
    place.write("in/year=2021/a.json", "{\"a\": 1, \"tags\": [\"x\"]}\n{\"a\": 2.5}");
    place.write("in/year=2022/b.json", "{\"who\": {\"name\": \"Ada\"}}\n");
    let sealed = place.seal("in", |_| ()).unwrap();
    assert_eq!(sealed.manifest.partition_columns, ["year"]);
    assert_eq!(types(&sealed.columns), [("a", "double"), ("tags", "array<string>"), ("who", "struct<name:string>")]);
    let paths: Vec<_> = sealed.manifest.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["year=2021/part-00000.parquet", "year=2022/part-00001.parquet"]);
    assert_eq!(place.verify("sealed").decrypted, 2);
}

#[test]
fn columns_have_keys_of_their_own_where_that_is_asked_for() {
    let place = Place::new();
    place.write("people.csv", PEOPLE);
    place
        .seal("people.csv", |options| {
            options.column_keys = BTreeMap::from([("age".to_owned(), "pay".to_owned())]);
            options.key_length = KeyLength::Bits128;
            options.plaintext_footer = true;
        })
        .unwrap();
    let folder = DatasetFolder::open(&place.path("sealed")).unwrap();
    let facts = |keys| examine(&folder.files()[0], keys, 1 << 20, &|_, _| Ok(())).unwrap().parquet.unwrap();
    let with_keys = facts(Some(&place.keys));
    assert!(!with_keys.encrypted_footer);
    let (manifest, _) = read_manifest(&folder, &place.keys.trusted_signers()).unwrap().unwrap();
    assert_eq!((manifest.columns.len(), manifest.files()[0].rows), (5, Some(3)), "what the footer shows anyway");
    assert_eq!(with_keys.columns["age"], ColumnProtection::Key("pay".into()));
    assert_eq!(with_keys.columns["name"], ColumnProtection::Key("m".into()));
    assert!(facts(None).locked.unwrap().contains("no keys file"));
    assert_eq!(place.verify("sealed").problems, Vec::<String>::new());

    let unknown = place.seal("people.csv", |options| {
        options.column_keys = BTreeMap::from([("salary".to_owned(), "pay".to_owned())]);
    });
    assert!(unknown.is_err(), "the output is there already");
}

#[test]
fn plain_parquet_is_sealed_with_the_types_that_spark_reads() {
    let place = Place::new();
    let numbers: arrow::array::ArrayRef = std::sync::Arc::new(arrow::array::UInt32Array::from(vec![1, u32::MAX]));
    let batch = arrow::array::RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    place.write("n.parquet", writer.into_inner().unwrap());
    let sealed = place.seal("n.parquet", |_| ()).unwrap();
    assert_eq!(types(&sealed.columns), [("n", "bigint")]);
    let rows = place.read("sealed/part-00000.parquet");
    assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().values(), &[1, 4_294_967_295]);
}

#[test]
fn many_rows_are_written_in_row_groups() {
    let place = Place::new();
    let text: String = (0..5_000).map(|row| format!("{row},word{row}\n")).collect();
    place.write("n.csv", format!("n,w\n{text}"));
    let sealed = place.seal("n.csv", |options| options.compression = Compression::UNCOMPRESSED).unwrap();
    assert_eq!(sealed.rows, 5_000);
    let folder = DatasetFolder::open(&place.path("sealed")).unwrap();
    let facts = examine(&folder.files()[0], Some(&place.keys), 1 << 20, &|_, _| Ok(())).unwrap().parquet.unwrap();
    assert_eq!(facts.row_groups, Some(5));
    assert_eq!(place.read("sealed/part-00000.parquet").iter().map(|batch| batch.num_rows()).sum::<usize>(), 5_000);
}

#[test]
fn nothing_is_left_where_sealing_fails_and_nothing_is_overwritten() {
    let place = Place::new();
    place.write("bad.csv", "a,b\n1\n");
    assert!(place.seal("bad.csv", |_| ()).is_err());
    place.write("people.csv", PEOPLE);
    let error = place.seal("people.csv", |options| options.key = "nobody".into()).unwrap_err().to_string();
    assert!(error.contains("'nobody'"), "{error}");
    let left: Vec<_> = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    place.seal("people.csv", |_| ()).unwrap();
    assert!(place.seal("people.csv", |_| ()).unwrap_err().to_string().contains("is there already"));
}

#[test]
fn input_of_two_formats_or_two_sets_of_columns_is_refused() {
    let place = Place::new();
    place.write("mixed/a.csv", "a\n1\n");
    place.write("mixed/b.json", "{\"a\": 1}");
    assert!(place.seal("mixed", |_| ()).unwrap_err().to_string().contains("another format"));
    place.write("other/a.csv", "a\n1\n");
    place.write("other/b.csv", "b\n1\n");
    assert!(place.seal("other", |_| ()).unwrap_err().to_string().contains("other columns"));
    place.write("nested/a.csv", "a\n1\n");
    place.write("nested/more/b.csv", "a\n2\n");
    assert!(place.seal("nested", |_| ()).unwrap_err().to_string().contains("more in it is no partition"));
    place.write("what.bin", "a");
    assert!(place.seal("what.bin", |_| ()).unwrap_err().to_string().contains("--format"));
}

#[test]
fn plain_files_are_signed_in_pieces_and_the_version_rises() {
    let place = Place::new();
    let path = place.write("t/people.csv", PEOPLE);
    place.write("t/_SUCCESS", "");
    let sign = |keys: &Keys, version| {
        let options = SignOptions { version, chunk_bytes: 4_096, ..SignOptions::default() };
        sign(&place.path("t"), keys, &options, &|_, _| Ok(()))
    };
    let manifest = sign(&place.keys, None).unwrap();
    assert_eq!((manifest.version, manifest.format.as_str(), manifest.files().len()), (1, "csv", 1));
    assert_eq!(manifest.files()[0].content, Content::Plain);
    assert_eq!(sign(&place.keys, None).unwrap().version, 2);
    assert_eq!(sign(&place.keys, Some(9)).unwrap().version, 9);
    assert!(sign(&place.keys, Some(9)).is_err());
    assert_eq!(place.verify("t").problems, Vec::<String>::new());
    let stranger = Keys::generate().unwrap();
    assert!(sign(&stranger, None).unwrap_err().to_string().contains("does not trust"));

    let mut changed = PEOPLE.as_bytes().to_vec();
    changed[30] ^= 1;
    fs::write(&path, changed).unwrap();
    place.write("t/more.csv", "a\n");
    let problems = place.verify("t").problems;
    assert!(
        problems.iter().any(|problem| problem.contains("people.csv") && problem.contains("not those")),
        "{problems:?}"
    );
    assert!(problems.iter().any(|problem| problem.contains("more.csv") && problem.contains("not in the manifest")));
    fs::remove_file(&path).unwrap();
    assert!(place.verify("t").problems.iter().any(|problem| problem.contains("not there")));
}

#[test]
fn a_changed_page_of_a_sealed_file_is_found_by_decrypting_it() {
    let place = Place::new();
    place.write("people.csv", PEOPLE);
    place.seal("people.csv", |_| ()).unwrap();
    let file = place.path("sealed/part-00000.parquet");
    let mut bytes = fs::read(&file).unwrap();
    bytes[60] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(place.verify("sealed").problems.len(), 1);
    let last = bytes.len() - 20;
    bytes[60] ^= 1;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(place.verify("sealed").problems.len(), 1);
}

#[test]
fn a_single_file_is_a_dataset_with_its_manifest_beside_it() {
    let place = Place::new();
    let path = place.write("people.csv", PEOPLE);
    let manifest = sign(&path, &place.keys, &SignOptions::default(), &|_, _| Ok(())).unwrap();
    assert_eq!(manifest.dataset.as_str(), "people.csv");
    assert!(place.path("_people.csv.casemate.manifest").exists());
    assert_eq!(place.verify("people.csv").problems, Vec::<String>::new());
    let folder = DatasetFolder::open(Path::new(&path)).unwrap();
    assert!(read_manifest(&folder, &[]).is_err());
}
