//! The texts in English, each with the key under which a translation has it.

macro_rules! catalogue {
    ($($name:ident $key:literal $english:literal;)*) => {
        /// One text of a page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(in crate::web) enum Words { $($name),* }

        impl Words {
            pub(super) const ALL: &[Self] = &[$(Self::$name),*];

            pub(super) fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            pub(super) fn english(self) -> &'static str {
                match self { $(Self::$name => $english),* }
            }
        }
    };
}

// In the order of `docs/texts.toml`, which is made of it.
catalogue! {
    SignIn "sign_in" "Sign in";
    SignInAgain "sign_in_again" "Sign in again";
    TryAgain "try_again" "Try again";
    SignInElsewhere "sign_in_elsewhere" "Sign in with another account";
    SignOut "sign_out" "Sign out";
    GoOn "go_on" "Continue";
    StartPage "start_page" "Go to the start page";
    NotUsed "not_used" "What you sent was not used.";
    Reference "reference" "Reference: {reference}";
    HelpDesk "help_desk" "To get help: {help_desk}";
    Details "details" "Details for the help desk";
    DetailsNote "details_note"
        "If the help desk asks for more, copy these lines and send them. They are for the people \
         who run the sign-in service, and do not name anybody.";

    UnreadableTitle "unreadable_title" "We could not read that sign-in";
    UnreadableText "unreadable_text"
        "What your browser sent is not a sign-in that this service understands. Please start again.";
    RefusedTitle "refused_title" "We could not sign you in";
    RefusedText "refused_text"
        "The sign-in service sent an answer that this service cannot accept. Please try once \
         more. If it happens again, tell your help desk the reference.";
    IdpSaidNoTitle "idp_said_no_title" "You were not signed in";
    IdpSaidNoText "idp_said_no_text"
        "The sign-in service did not sign you in. You may have cancelled, or your account may not \
         have access to this service. Please try once more. If it happens again, tell your help \
         desk the reference.";
    NoPendingLoginTitle "no_pending_login_title" "That sign-in is no longer open";
    NoPendingLoginText "no_pending_login_text"
        "It may have taken too long, it may have been finished in another tab, or your browser may \
         block cookies. Please sign in again.";
    ReplayedTitle "replayed_title" "That sign-in has already been used";
    ReplayedText "replayed_text"
        "This happens when a page is reloaded or the back button is used during sign-in. Please \
         sign in again.";
    SignInOverTitle "sign_in_over_title" "You are no longer signed in";
    SignInOverText "sign_in_over_text"
        "You have gone back to a sign-in that has ended. Nothing was changed. Please sign in again, \
         or close this page.";
    UnavailableTitle "unavailable_title" "Sign-in is not available at the moment";
    UnavailableText "unavailable_text"
        "Something on our side is not working. Nothing is wrong with your account. Please try \
         again in a few minutes. If it goes on, tell your help desk the reference.";
    WrongMethodTitle "wrong_method_title" "There is nothing to see here";
    WrongMethodText "wrong_method_text"
        "Only the sign-in service uses this address. Please start again.";
    RepeatingTitle "repeating_title" "Sign-in keeps starting again";
    RepeatingText "repeating_text"
        "You have been sent to the sign-in service several times within a minute. Your browser \
         may block cookies, or this service may have lost your session. If trying again does not \
         help, tell your help desk the reference.";
    CookieLostText "cookie_lost_text"
        "You have signed in several times within a minute, and each time your browser did not \
         send this service's session cookie back. It may block cookies. Allow cookies for this \
         service, or try another browser. If that does not help, tell your help desk the \
         reference.";
    SessionUnknownText "session_unknown_text"
        "You have signed in several times within a minute, and each time this service had lost \
         your session. Nothing is wrong with your browser or your account: something on our side \
         is not working. Please tell your help desk the reference.";
    BusyTitle "busy_title" "Many people are signing in";
    BusyText "busy_text"
        "This service cannot take your sign-in at the moment. Nothing is wrong with your account. \
         Please try again in a few seconds.";
    NotReadyTitle "not_ready_title" "Sign-in is not ready yet";
    NotReadyText "not_ready_text"
        "This service is waiting for information from the sign-in service, and cannot sign \
         anybody in until it has it. Nothing is wrong with your account. Please try again in a \
         few minutes.";
    ForbiddenTitle "forbidden_title" "You do not have access to this page";
    ForbiddenText "forbidden_text"
        "You are signed in, but this page is not for you. If you need it for your work, tell your \
         help desk the reference.";
    MfaMissingTitle "mfa_missing_title" "This page needs a second factor";
    MfaMissingText "mfa_missing_text"
        "This page is only for people who have signed in with a second factor, such as a code or \
         an app. The sign-in service did not say that you have used one: on some hospital \
         networks it does not ask for it. You are still signed in. Please try again. If it \
         happens again, tell your help desk the reference.";
    NotFreshTitle "not_fresh_title" "You were not asked to sign in again";
    NotFreshText "not_fresh_text"
        "This page is only for people who have just proved who they are. The sign-in service \
         signed you in without asking you again. Please try once more. If it happens again, tell \
         your help desk the reference.";
    NotALogoutTitle "not_a_logout_title" "We could not read that sign-out";
    LogoutRefusedTitle "logout_refused_title" "We could not accept that sign-out";
    LogoutRefusedText "logout_refused_text"
        "A message to sign somebody out has arrived that this service cannot accept. It has changed \
         nothing here. If you want to sign out, use this service's own button for it, and on a \
         shared computer close the browser.";
    NoPendingLogoutTitle "no_pending_logout_title" "That sign-out is no longer open";
    NoPendingLogoutText "no_pending_logout_text"
        "It may have been finished already, or your browser may block cookies. If you have just \
         signed out of this service, you are signed out. Nothing else was changed.";

    SigningInTitle "signing_in_title" "Signing in";
    SigningInText "signing_in_text" "You are being taken to the sign-in service.";
    ChooseTitle "choose_title" "Sign in";
    ChooseQuestion "choose_question" "Where is your account?";
    ChooseLast "choose_last" "Used last in this browser";
    ChooseNotAll "choose_not_all"
        "Other ways to sign in are not available at the moment. If yours is not here, please try \
         again in a few minutes.";
    ConfirmTitle "confirm_title" "Sign in?";
    ConfirmText "confirm_text"
        "The sign-in service has sent you here to be signed in as {name}. Go on only if that is you.";
    ConfirmGoOn "confirm_go_on" "Go on as {name}";
    ConfirmOther "confirm_other" "Sign in as somebody else";
    SessionEndedTitle "session_ended_title" "Please sign in";
    SessionEndedText "session_ended_text" "You are not signed in, or your session has ended.";
    StepUpTitle "step_up_title" "Please sign in again";
    StepUpText "step_up_text" "This page needs you to sign in once more.";

    FormKeptText "form_kept_text"
        "What you sent has not been used. It is kept for a while, encrypted. When you have signed \
         in as {name}, you can send it.";
    ResumeTitle "resume_title" "Send what you had filled in?";
    ResumeText "resume_text"
        "This form was sent at {time}, when you were not signed in, to {page}. Nothing has been \
         done with it yet.";
    ResumeFields "resume_fields" "You had filled in:";
    ResumeField "resume_field" "{field}: {value}";
    ResumeFieldHidden "resume_field_hidden" "{field}: not shown here";
    ResumeOthers "resume_others" "Fields that are not listed here: {number}";
    ResumeOnce "resume_once"
        "It can be sent once. If you do not send it now, it is kept for you until {time}.";
    ResumeSend "resume_send" "Send it now";
    ResumeDrop "resume_drop" "Do not send it";
    ResumeSentTitle "resume_sent_title" "This was sent before";
    ResumeSentText "resume_sent_text"
        "It is not sent a second time. Please look whether it has arrived: if it has not, the form \
         has to be filled in again.";

    LockedTitle "locked_title" "Locked";
    LockedText "locked_text"
        "Nobody has used this page for a while. Sign in again as {name} to go on.";
    LockedOther "locked_other"
        "If you are somebody else, sign in anyway: you will be asked what to do.";
    LockedByOtherTitle "locked_by_other_title" "Locked by somebody else";
    LockedByOtherText "locked_by_other_text"
        "This session is locked. It belongs to {owner}, and you have signed in as {name}. Nothing \
         of it was opened.";
    LockedByOtherSignIn "locked_by_other_sign_in" "Sign in as {owner}";
    LockedByOtherBegin "locked_by_other_begin"
        "To start again, sign {owner} out of this service. Anything that they had not finished is \
         lost.";
    LockedByOtherSignOut "locked_by_other_sign_out" "Sign {owner} out";
    HandoverTitle "handover_title" "Somebody else was here";
    HandoverText "handover_text"
        "This page was opened by {opened_by}. You are signed in as {name}.";
    HandoverGoOn "handover_go_on" "Open the page as {name}";
    NotYourPageText "not_your_page_text"
        "The page that you come from was opened by somebody else. You are signed in as {name}.";

    SignOutTitle "sign_out_title" "Sign out";
    SignOutQuestion "sign_out_question" "Do you want to sign out of this service?";
    SigningOutTitle "signing_out_title" "Signing out";
    SigningOutText "signing_out_text"
        "You are signed out of this service. You are being taken to the sign-in service, to be \
         signed out there as well.";
    SigningOutAnswer "signing_out_answer"
        "You are signed out of this service. You are being taken to the sign-in service.";
    SignedOutTitle "signed_out_title" "Signed out";
    SignedOutHere "signed_out_here"
        "You are signed out of this service. You may still be signed in at the sign-in service: on \
         a shared computer, close the browser.";
    SignedOutByIdp "signed_out_by_idp"
        "You are signed out of this service, as the sign-in service has asked. On a shared \
         computer, close the browser.";
    SignedOutEverywhere "signed_out_everywhere"
        "You are signed out of this service and of the sign-in service. On a shared computer, \
         close the browser as well.";
    SignedOutPartly "signed_out_partly"
        "You are signed out of this service and of the sign-in service. You may still be signed in \
         at other services that you have used: on a shared computer, close the browser.";
    SignedOutNotThere "signed_out_not_there"
        "You are signed out of this service. The sign-in service has not signed you out: whoever \
         uses this browser next may be signed in as you without a password. On a shared computer, \
         close the browser.";
    SignedOutUnclear "signed_out_unclear"
        "You are signed out of this service. The answer of the sign-in service could not be used, \
         so you may still be signed in there: on a shared computer, close the browser.";
}
