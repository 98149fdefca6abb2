//! SPF, DKIM, DMARC and MX, against a table.

use std::time::{Duration, Instant};

use crate::harness::{Output, Publication};
use crate::nameserver::{self, Zone};
use crate::relay::Relay;
use crate::{one_click, says, silent, web};

const DOMAIN: &str = "sejong.example";

fn doctor(here: &Publication, zone: Zone) -> Output {
    here.run(&["doctor", "--json", "--allow-private", "--dns", &zone.serve()])
}

fn with_spf(record: &str) -> Zone {
    Zone::good().without(DOMAIN).mx(DOMAIN, "mail.sejong.example.").txt(DOMAIN, record)
}

#[test]
fn a_domain_in_order_has_no_errors() {
    let (page, here) = one_click::page(|_| web::Reply::status(400));
    let output = doctor(&here, Zone::good());
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(page.asked().len(), 1);
    says(&output, "spf", "ok", &["ends with -all (1 of 10 look-ups)"]);
    says(&output, "dmarc", "ok", &["p=none, which is enough"]);
    says(&output, "mx", "ok", &["goes to mail.sejong.example"]);
    silent(&output, "dns", "ok");
}

#[test]
fn records_that_are_missing_are_errors_with_what_to_publish() {
    let output = doctor(&Publication::new(), Zone::default());
    says(&output, "spf", "error", &["has no SPF record", "v=spf1"]);
    says(&output, "dmarc", "error", &["no DMARC policy", "_dmarc.sejong.example", "p=none"]);
    says(&output, "mx", "error", &["cannot receive mail"]);
}

#[test]
fn dns_that_fails_or_says_nothing_is_a_warning_and_never_a_hang() {
    let broken = Zone::good().broken(DOMAIN).broken("_dmarc.sejong.example");
    let output = doctor(&Publication::new(), broken);
    for check in ["spf", "dmarc", "mx"] {
        says(&output, check, "warning", &["could not ask DNS"]);
    }
    let (socket, address) = nameserver::silent();
    let start = Instant::now();
    let output = Publication::new().run(&["doctor", "--json", "--dns", &address]);
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    assert_eq!(output.code, 0);
    says(&output, "spf", "warning", &["could not ask DNS", "--dns"]);
    drop(socket);
}

#[test]
fn spf_says_no_to_others() {
    for (record, level, words) in [
        ("v=spf1 a ~all", "ok", "ends with ~all"),
        ("v=spf1 a +all", "warning", "lets everybody send"),
        ("v=spf1 a all", "warning", "lets everybody send"),
        ("v=spf1 a ?all", "warning", "?all"),
        ("v=spf1 a", "warning", "does not end with an all"),
        ("v=spf1 include:gone.example -all", "error", "refers to gone.example"),
    ] {
        let output = doctor(&Publication::new(), with_spf(record));
        says(&output, "spf", level, &[words]);
    }
    let two = doctor(&Publication::new(), Zone::good().txt(DOMAIN, "v=spf1 -all"));
    says(&two, "spf", "error", &["has 2 SPF records", "one TXT record"]);
    // Others may stand beside it.
    let beside = Zone::good().txt(DOMAIN, "v=spf10 no").txt(DOMAIN, "site-verification=1");
    says(&doctor(&Publication::new(), beside), "spf", "ok", &["-all"]);
}

#[test]
fn spf_counts_look_ups_through_includes_and_redirects() {
    let zone = with_spf("v=spf1 include:a.example mx -all")
        .txt("a.example", "v=spf1 include:b.example ip4:192.0.2.0/24 ~all redirect=no.example")
        .txt("b.example", "v=spf1 a ptr exists:%{i}.x.example redirect=c.example")
        .txt("c.example", "v=spf1 ip6:2001:db8::/32 -all");
    says(&doctor(&Publication::new(), zone), "spf", "ok", &["(7 of 10 look-ups)"]);
    let eleven = "v=spf1 a a a a a mx mx mx mx mx mx -all";
    let output = doctor(&Publication::new(), with_spf(eleven));
    says(&output, "spf", "error", &["more than 10 look-ups"]);
    let round = with_spf("v=spf1 include:sejong.example -all");
    says(&doctor(&Publication::new(), round), "spf", "error", &["more than 10 look-ups"]);
}

#[test]
fn dmarc_is_found_at_a_domain_above() {
    let here = Publication::new().edit("digest.toml", "digest@sejong", "digest@news.sejong");
    let zone = Zone::good()
        .txt("news.sejong.example", "v=spf1 -all")
        .mx("news.sejong.example", "mail.sejong.example.")
        .without("_dmarc.sejong.example")
        .txt("_dmarc.sejong.example", "v=DMARC1; p=none; sp=reject");
    says(&doctor(&here, zone.clone()), "dmarc", "ok", &["_dmarc.sejong.example", "p=reject"]);
    let empty = zone.clone().without("_dmarc.sejong.example");
    let no_policy = empty.txt("_dmarc.sejong.example", "v=DMARC1; rua=mailto:a@sejong.example");
    says(&doctor(&here, no_policy), "dmarc", "error", &["has no p="]);
    let two = zone.txt("_dmarc.sejong.example", "v=DMARC1; p=none");
    says(&doctor(&here, two), "dmarc", "error", &["2 policies"]);
}

/// A relay that is not on loopback by its address, and this machine all the same.
fn with_relay(record: &str, more: impl Fn(Zone) -> Zone) -> Output {
    let relay = Relay::new();
    let url = format!("smtp://0.0.0.0:{}?tls=none", relay.port());
    let dns = more(with_spf(record)).serve();
    Publication::new().run(&["doctor", "--json", "--dns", &dns, "--relay", &url])
}

#[test]
fn spf_that_names_the_relay_is_told_from_one_that_does_not() {
    let here = [0, 0, 0, 0];
    for (record, level, words) in [
        ("v=spf1 ip4:0.0.0.0 -all", "ok", "permits 0.0.0.0"),
        ("v=spf1 ip4:0.0.0.0/31 -all", "ok", "permits 0.0.0.0"),
        ("v=spf1 ip6:::/0 ip4:192.0.2.0/24 ~all", "warning", "does not permit 0.0.0.0"),
        ("v=spf1 -ip4:0.0.0.0 +all", "warning", "other addresses"),
        ("v=spf1 a:relay.example -all", "ok", "permits 0.0.0.0"),
        ("v=spf1 a:other.example/0 -all", "ok", "permits 0.0.0.0"),
        ("v=spf1 a:other.example -all", "warning", "does not permit"),
        ("v=spf1 mx:mail.example -all", "ok", "permits 0.0.0.0"),
        ("v=spf1 include:no.example include:yes.example -all", "ok", "permits 0.0.0.0"),
        ("v=spf1 redirect=yes.example", "ok", "permits 0.0.0.0"),
        ("v=spf1 redirect=no.example", "warning", "does not permit"),
        ("v=spf1 exists:%{i}.x.example -all", "warning", "cannot be found out here"),
    ] {
        let output = with_relay(record, |zone| {
            zone.a("relay.example", here)
                .a("other.example", [192, 0, 2, 9])
                .mx("mail.example", "relay.example.")
                .txt("yes.example", "v=spf1 ip4:0.0.0.0 -all")
                .txt("no.example", "v=spf1 -all")
        });
        says(&output, "spf-relay", level, &[words]);
        silent(&output, "spf-relay", "error");
    }
}

#[test]
fn a_relay_on_this_machine_is_asked_for_the_name_of_its_address() {
    // As the program does it: the address of the route outwards, without a packet.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").expect("a port");
    let outward = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    let words = match outward.map(|address| address.ip()) {
        Ok(std::net::IpAddr::V4(four)) if four.is_private() => format!("address {four} is private"),
        Ok(std::net::IpAddr::V4(four)) => format!("{four} has no name (PTR)"),
        _ => "PTR".to_owned(),
    };
    let (one, two) = (Relay::new(), Relay::new());
    let text = Publication::new().read("digest.toml");
    let relays =
        format!("{text}\n[[relay]]\nurl = \"{}\"\n[[relay]]\nurl = \"{}\"\n", one.url(), two.url());
    let here = Publication::new().write("digest.toml", relays);
    let output = doctor(&here, Zone::good());
    says(&output, "ptr", "warning", &[&words]);
    // The machine is one, however many relays it runs.
    assert_eq!(output.stdout.matches("\"ptr\"").count(), 1, "{}", output.stdout);
}

#[test]
fn dmarc_that_wants_the_very_same_domain_is_kept_to() {
    let bounce = "[bounce]\nreverse_path = \"b+{token}@bounces.sejong.example\"\n";
    let text = Publication::new().read("digest.toml");
    let here = Publication::new().write("digest.toml", format!("{text}\n{bounce}"));
    for (policy, level, words) in [
        ("v=DMARC1; p=none", "ok", "they match"),
        ("v=DMARC1; p=none; aspf=r; adkim=s", "ok", "they match"),
        ("v=DMARC1; p=none; aspf=S", "warning", "requires exactly the same domain (aspf=s)"),
    ] {
        let zone = Zone::good().without("_dmarc.sejong.example");
        let output = doctor(&here, zone.txt("_dmarc.sejong.example", policy));
        says(&output, "alignment", level, &[words]);
        assert_eq!(output.stdout.matches("\"alignment\"").count(), 1, "{}", output.stdout);
    }
}

#[test]
fn mail_to_each_domain_of_the_sender_has_somewhere_to_go() {
    let here = Publication::new();
    let text = here.read("digest.toml").replacen(
        "postal_address",
        "reply_to = \"a@answers.example\"\npostal_address",
        1,
    );
    let bounce = "[bounce]\nreverse_path = \"b+{token}@bounces.sejong.example\"\n";
    let here = here.write("digest.toml", format!("{text}\n{bounce}"));
    let zone = Zone::good()
        .mx("answers.example", ".")
        .a("bounces.sejong.example", [192, 0, 2, 1])
        .txt("bounces.sejong.example", "v=spf1 a -all");
    let output = doctor(&here, zone);
    says(&output, "mx", "ok", &["mail to sejong.example"]);
    says(&output, "mx", "error", &["answers.example", "null MX"]);
    says(&output, "mx", "warning", &["bounces.sejong.example has an address but no MX"]);
    says(&output, "spf", "ok", &["SPF of bounces.sejong.example"]);
    says(
        &output,
        "alignment",
        "ok",
        &["reverse-path uses bounces.sejong.example", "public suffix list was not checked"],
    );
}

#[test]
fn dkim_in_dns_is_the_key_that_signs() {
    let here = Publication::new();
    let made = here.run(&["dkim", "keygen"]);
    let line = made.stdout.lines().find_map(|line| line.trim().strip_prefix("Value "));
    let record = line.expect("a record").trim();
    let text = here.read("digest.toml");
    let dkim = "[dkim]\nselector = \"digest\"\nkey_file = \"dkim-digest.pem\"\n";
    let here = here.write("digest.toml", format!("{text}\n{dkim}"));
    let name = "digest._domainkey.sejong.example";
    let other = Publication::new().run(&["dkim", "keygen"]).stdout;
    let other = other.lines().find_map(|line| line.trim().strip_prefix("Value "));
    let pkcs1 = without_algorithm(record);
    for (records, level, words) in [
        (vec![record], "ok", "is the key that signs"),
        (vec![pkcs1.as_str()], "ok", "is the key that signs"),
        (vec![], "error", "there is no key at digest._domainkey.sejong.example"),
        (vec!["v=DKIM1; p="], "error", "revoked"),
        (vec!["v=DKIM1; k=rsa"], "error", "has no p="),
        (vec![other.expect("a record").trim()], "error", "is not the key that signs"),
        (vec![record, record], "error", "2 TXT records"),
        (vec![&record.replace("k=rsa", "k=ed25519")], "error", "is for ed25519"),
        (vec![&record.replace("k=rsa", "k=rsa; t=y:s")], "warning", "t=y"),
        (vec![&record.replace("k=rsa", "h=sha1")], "error", "SHA-256"),
    ] {
        let zone = records.iter().fold(Zone::good(), |zone, record| zone.txt(name, record));
        let output = doctor(&here, zone);
        says(&output, "dkim", level, &[words]);
    }
    let told = doctor(&here, Zone::good());
    says(&told, "dkim", "error", &["publish TXT digest._domainkey.sejong.example", record]);
    says(&told, "alignment", "ok", &["both use sejong.example"]);
}

/// The same record with an RSAPublicKey, as RFC 6376 words it: 24 bytes less at the start.
fn without_algorithm(record: &str) -> String {
    let (head, key) = record.split_once("p=").expect("a key");
    let key = data_encoding::BASE64.decode(key.as_bytes()).expect("base64");
    format!("{head}p={}", data_encoding::BASE64.encode(&key[24..]))
}
