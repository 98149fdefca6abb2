//! What signing costs a send. `cargo test --release --test dkim -- --ignored --nocapture`

use crate::harness::Publication;
use crate::signing;

#[test]
#[ignore = "a measurement"]
fn messages_a_second_with_and_without_signatures() {
    let row = |n| format!("r{n:05}@x.example,Reader {n}\n");
    let list = format!("email,first_name\n{}", (0..5_000).map(row).collect::<String>());
    let rate = |here: &Publication| {
        let sent = here.run(&["send", "2025-11", "--catch", "out", "--yes", "--json"]);
        assert_eq!(sent.code, 0, "{sent:?}");
        let told: serde_json::Value = serde_json::from_str(&sent.stdout).expect("an object");
        told["messages_per_s"].as_f64().expect("a number")
    };
    let without = rate(&Publication::repository().write("subscribers.csv", &list));
    let (two, _) = signing(Publication::repository().write("subscribers.csv", &list));
    let with_two = rate(&two);
    let toml = two.read("digest.toml");
    let one: Vec<&str> = toml.lines().filter(|line| !line.starts_with("  ed25519")).collect();
    std::fs::remove_dir_all(two.path("out")).expect("removed");
    let with_rsa = rate(&two.write("digest.toml", one.join("\n")));
    println!("unsigned {without:.0}/s, RSA-2048 {with_rsa:.0}/s, with Ed25519 too {with_two:.0}/s");
}
