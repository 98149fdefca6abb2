//! The words of the site in German.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "de",
    reader: "Leserin, Leser",
    your_address: "Ihre Adresse",
    skip: "Zum Text springen",
    all_issues: "Alle Ausgaben",
    previous: "Vorige Ausgabe",
    next: "Nächste Ausgabe",
    search: "Suche",
    search_label: "In allen Ausgaben suchen",
    found: "Gefundene Beiträge: {count}",
    newest: "Neueste Beiträge",
    feed: "Feed",
    no_issue: "Es ist noch keine Ausgabe erschienen.",
    subscribe: "{name} abonnieren",
    leave_title: "{name} abbestellen",
    leave_text: "Diese Seite kann nicht wissen, wer Sie sind. Benutzen Sie den Link am Ende einer Mail, die Sie von uns bekommen haben, oder schreiben Sie an {contact}.",
    missing_title: "Diese Seite gibt es nicht",
    missing_text: "Vielleicht ist die Adresse falsch geschrieben, oder die Seite ist umgezogen. Hier geht es weiter:",
    corrected: "Berichtigt am {date}: {note}",
    removed: "Dieser Beitrag wurde nach dem Versand aus der Ausgabe genommen.",
    erratum: "Berichtigung: {subject}",
    erratum_title: "Eine Berichtigung",
    corrected_text: "Der berichtigte Text:",
};
