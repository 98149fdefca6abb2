//! The words of the pages in French.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "fr",
    leave_title: "Se désabonner de {name}",
    leave_question: "{address} ne recevra plus aucun numéro de {name}.",
    leave_button: "Se désabonner",
    left_title: "Vous êtes désabonné",
    left_text: "{address} ne recevra plus aucun numéro de {name}. Un message déjà en route peut encore arriver.",
    undo_button: "Annuler : rester abonné",
    undone_title: "Vous êtes de nouveau abonné",
    undone_text: "{address} recevra le prochain numéro de {name}.",
    kept_title: "Cela ne peut pas être annulé ici",
    kept_text: "Autre chose empêche l’envoi à {address}. Écrivez à {contact}.",
    why_question: "Voulez-vous nous dire pourquoi ? Ce n’est pas nécessaire.",
    why_choices: [
        "Trop de messages",
        "Ce n’est pas ce que j’attendais",
        "Je n’ai jamais demandé",
        "Une autre raison",
    ],
    why_button: "Envoyer",
    thanks_title: "Merci",
    thanks_text: "Votre réponse est conservée ; personne ne reçoit de message.",
    broken_title: "Ce lien ne fonctionne pas",
    broken_text: "Il n’est pas complet, ou ne vient pas d’un de nos messages. Utilisez le lien entier du message, ou répondez au message avec l’objet « unsubscribe ».",
    late_title: "Il est trop tard pour annuler ici",
    late_text: "Si vous souhaitez recevoir {name} de nouveau, écrivez à {contact}.",
    busy_title: "Veuillez réessayer dans une minute",
    busy_text: "Cela n’a pas encore pu être noté. Si cela se répète, répondez au message avec l’objet « unsubscribe ».",
    missing_title: "Cette page n’existe pas",
    missing_text: "L’adresse est peut-être mal écrite.",
};
