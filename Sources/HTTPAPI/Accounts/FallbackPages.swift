import Homeserver

/// The text of the server's few pages. They work without anything else that would have to be loaded.
enum FallbackPages {
    /// A page on which a stage of authentication is completed. When it is, the page tells the client's window ("Fallback").
    ///
    /// - Parameter error: what was wrong with the last attempt.
    static func stage(_ page: Accounts.FallbackPage, session: String, error: String? = nil) -> String {
        switch page {
        case .done:
            document(
                "Done",
                """
                <p>Thank you. You can close this window now.</p>
                <script>
                if (window.onAuthDone) window.onAuthDone();
                else if (window.opener && window.opener.postMessage) window.opener.postMessage("authDone", "*");
                </script>
                """)
        case .dummy: document("Registration", form(session, "", button: "Go on", error))
        case .registrationToken:
            document(
                "Registration token",
                form(
                    session,
                    "<label>The token that you were given: <input name=\"token\" autocomplete=\"off\" required autofocus></label>",
                    button: "Go on", error))
        case .terms(let documents):
            document(
                "Terms",
                form(
                    session,
                    "<p>To register, you have to agree to these documents:</p><ul>"
                        + documents.map {
                            "<li><a target=\"_blank\" rel=\"noopener\" href=\"\(escape($0.url))\">\(escape($0.name))</a></li>"
                        }
                        .joined() + "</ul>", button: "I agree", error))
        }
    }

    /// The page that logs in by itself, for clients that don't know how ("Login fallback").
    static let login = document(
        "Log in",
        """
        <form id="form">
        <label>User name: <input id="user" autocomplete="username" required autofocus></label>
        <label>Password: <input id="password" type="password" autocomplete="current-password" required></label>
        <button>Log in</button>
        <p id="error" role="alert"></p>
        </form>
        <script>
        document.getElementById("form").addEventListener("submit", async (event) => {
          event.preventDefault();
          const value = (id) => document.getElementById(id).value;
          const body = {
            type: "m.login.password", identifier: { type: "m.id.user", user: value("user") }, password: value("password"),
          };
          const parameters = new URLSearchParams(window.location.search);
          for (const name of ["device_id", "initial_device_display_name"])
            if (parameters.has(name)) body[name] = parameters.get(name);
          let answer;
          try {
            const response = await fetch("/_matrix/client/v3/login", { method: "POST", body: JSON.stringify(body) });
            answer = await response.json();
            if (!response.ok) throw new Error(answer.error);
          } catch (error) {
            document.getElementById("error").textContent = error.message;
            return;
          }
          if (window.onLogin) window.onLogin(answer);
          else if (window.matrixLogin) window.matrixLogin.onLogin(answer);
        });
        </script>
        """)

    /// The page that the link of a message leads to.
    static func emailProof(_ proof: Accounts.EmailProof) -> String {
        document(
            "Email address",
            """
            <form method="post">
            <input type="hidden" name="sid" value="\(escape(proof.sid))">
            <input type="hidden" name="client_secret" value="\(escape(proof.clientSecret))">
            <input type="hidden" name="token" value="\(escape(proof.token))">
            <button>Yes, this is my email address</button></form>
            """)
    }

    /// The page after it.
    ///
    /// - Parameter nextLink: where it leads on.
    static func emailProved(_ nextLink: String?) -> String {
        let link = nextLink.map { "<p><a href=\"\(escape($0))\">Go on</a></p>" }
        return document("Email address", "<p>Thank you.</p>" + (link ?? "<p>Go back to where you came from, and on from there.</p>"))
    }

    /// The page after a link that is wrong.
    static func emailNotProved(_ reason: String) -> String {
        document("Email address", "<p role=\"alert\">\(escape(reason))</p>")
    }

    /// The page that the link leads to by which somebody wants no more messages about unread notifications.
    static let unsubscribe = document("Messages", "<form method=\"post\"><button>Send me no more of these messages</button></form>")

    /// The page after it.
    static let unsubscribed = document("Messages", "<p>You get no more of these messages.</p>")

    /// The page after a link that is wrong.
    static func notUnsubscribed(_ reason: String) -> String {
        document("Messages", "<p role=\"alert\">\(escape(reason))</p>")
    }

    private static func form(_ session: String, _ content: String, button: String, _ error: String?) -> String {
        """
        <form method="post"><input type="hidden" name="session" value="\(escape(session))">
        \(error.map { "<p role=\"alert\">\(escape($0))</p>" } ?? "")
        \(content)
        <button>\(button)</button></form>
        """
    }

    private static func document(_ title: String, _ content: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title>
        <style>
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 3rem auto; padding: 0 1rem; }
        label, input, button { display: block; width: 100%; box-sizing: border-box; margin: 0.25rem 0 1rem; font: inherit; }
        input, button { padding: 0.5rem; }
        [role=alert] { color: #b00020; }
        </style></head>
        <body><h1>\(title)</h1>
        \(content)
        </body></html>
        """
    }

    /// The text as it has to stand in a page.
    private static func escape(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
    }
}
