//! One file, one writer: locks, copies and tables of a newer version.

use super::*;

const ONE: SchemaStep = SchemaStep::both("CREATE TABLE a (x INTEGER)");

#[tokio::test]
async fn steps_run_once_and_a_newer_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let one = SchemaStep::both("CREATE TABLE a (x INTEGER)");
    let two = SchemaStep::both("CREATE TABLE b (x INTEGER)");
    Store::open(&path, &[one]).await.unwrap().close().await;
    Store::open(&path, &[one, two]).await.unwrap().close().await;
    Store::open(&path, &[one, two]).await.unwrap().close().await;
    let older = Store::open(&path, &[one]).await;
    assert!(matches!(older, Err(StoreError::Newer { found: 2, .. })));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    std::fs::write(&path, "this is a letter, not a database\n".repeat(40)).unwrap();
    let error = Store::open(&path, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_store_that_is_nowhere_settles_in_its_file_with_its_temporary_tables() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let steps = ["CREATE TABLE a (x INTEGER PRIMARY KEY)", "CREATE TABLE b (x REFERENCES a (x))"]
        .map(SchemaStep::both);
    let store = Store::nowhere(&path, &steps).await.unwrap();
    let run = async |store: &Store, statement: &'static str| {
        sql::raw(statement).execute(store.pool()).await.unwrap();
    };
    run(&store, "CREATE TEMP TABLE list (x); INSERT INTO list VALUES (1), (2)").await;
    assert!(!path.exists());
    let store = store.settle(&steps).await.unwrap();
    run(&store, "INSERT INTO a SELECT x FROM list").await;
    store.close().await;
    let store = Store::open(&path, &steps).await.unwrap();
    let sum: i64 = sql::query_scalar("SELECT sum(x) FROM a").fetch_one(store.pool()).await.unwrap();
    assert_eq!(sum, 3);
    // One that has its file stays as it is.
    run(&store, "CREATE TEMP TABLE list (x)").await;
    let store = store.settle(&steps).await.unwrap();
    run(&store, "DROP TABLE list").await;
}

#[tokio::test]
async fn a_new_file_that_another_process_writes_to_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let other = Store::connect(options, &path).await.unwrap();
    // As a sender that makes the tables, in the mode that a file has at first.
    let writing = other.pool.begin_writing().await.unwrap();
    let end = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        writing.commit().await.unwrap();
    };
    let (opened, ()) = tokio::join!(Store::open(&path, &[ONE]), end);
    opened.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn two_names_of_one_file_have_one_lock() {
    let dir = tempfile::tempdir().unwrap();
    let [path, link] = ["a.db", "link.db"].map(|name| dir.path().join(name));
    Store::open(&path, &[]).await.unwrap().close().await;
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let store = Store::open(&path, &[]).await.unwrap();
    let _lock = store.lock("process 1").await.unwrap();
    let other = Store::open(&link, &[]).await.unwrap();
    assert!(matches!(other.lock("process 2").await, Err(StoreError::Busy { .. })));
}

#[tokio::test]
async fn the_second_sender_is_told_who_the_first_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("a.db"), &[]).await.unwrap();
    let lock = store.lock("process 1 (issue x)").await.unwrap();
    let error = store.lock("process 2").await.unwrap_err().to_string();
    assert!(error.starts_with("process 1 (issue x) is sending"), "{error}");
    drop(lock);
    store.lock("process 2").await.unwrap();
}
#[tokio::test]
async fn tables_do_not_change_under_a_sender() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let steps = ["CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER)"].map(SchemaStep::both);
    let sender = Store::open(&path, &steps[..1]).await.unwrap();
    let late = Store::open(&path, &steps[..1]).await.unwrap();
    let lock = sender.lock("process 1").await.unwrap();
    let error = Store::open(&path, &steps).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert_eq!(sender.found_version().await.unwrap(), 1);
    drop(lock);
    Store::open(&path, &steps).await.unwrap();
    // Opened before, and too late for the lock: what it knows of the tables is not true any more.
    let error = late.lock("process 2").await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, .. }), "{error}");
}

/// SQLite ends the transaction of a write that finds no room by itself, and the driver counts it still.
#[tokio::test]
async fn what_follows_from_a_full_disk_says_that_it_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("a.db"), &[]).await.unwrap();
    let pool = store.pool();
    sql::raw("CREATE TABLE a (b TEXT); PRAGMA max_page_count = 8").execute(pool).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    let insert = "INSERT INTO a (b) VALUES (hex(zeroblob(100000)))";
    let full = sql::raw(insert).execute(&mut *transaction).await.unwrap_err();
    assert!(matches!(store.failed(full), StoreError::NoRoom { .. }));
    drop(transaction);
    let words = store.begin().await.unwrap_err().to_string();
    assert!(words.contains("the disk is full; free space first"), "{words}");
}
