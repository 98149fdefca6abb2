//! The words of the pages in German.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "de",
    leave_title: "{name} abbestellen",
    leave_question: "{address} bekommt dann keine weiteren Ausgaben von {name}.",
    leave_button: "Abbestellen",
    left_title: "Sie sind abgemeldet",
    left_text: "{address} bekommt keine weiteren Ausgaben von {name}. Eine Nachricht, die gerade unterwegs ist, kann noch ankommen.",
    undo_button: "Rückgängig: weiter bekommen",
    undone_title: "Sie stehen wieder auf der Liste",
    undone_text: "{address} bekommt die nächste Ausgabe von {name}.",
    kept_title: "Das geht hier nicht rückgängig zu machen",
    kept_text: "Etwas anderes hält Post an {address} zurück. Bitte schreiben Sie an {contact}.",
    why_question: "Sagen Sie uns, warum? Sie müssen nicht.",
    why_choices: [
        "Zu viele Nachrichten",
        "Nicht, was ich erwartet habe",
        "Ich habe es nie bestellt",
        "Ein anderer Grund",
    ],
    why_button: "Senden",
    thanks_title: "Danke",
    thanks_text: "Ihre Antwort wird aufbewahrt; niemand bekommt eine Nachricht.",
    broken_title: "Dieser Link geht nicht",
    broken_text: "Er ist nicht vollständig oder nicht aus einer Nachricht von uns. Bitte nehmen Sie den ganzen Link aus der Nachricht, oder antworten Sie auf die Nachricht mit dem Betreff „unsubscribe“.",
    late_title: "Dafür ist es hier zu spät",
    late_text: "Wenn Sie {name} wieder bekommen möchten, schreiben Sie bitte an {contact}.",
    busy_title: "Bitte versuchen Sie es in einer Minute noch einmal",
    busy_text: "Es konnte noch nicht aufgeschrieben werden. Wenn es wieder geschieht, antworten Sie auf die Nachricht mit dem Betreff „unsubscribe“.",
    missing_title: "Diese Seite gibt es nicht",
    missing_text: "Vielleicht ist die Adresse falsch geschrieben.",
};
