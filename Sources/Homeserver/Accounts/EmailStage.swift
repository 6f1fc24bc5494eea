import CanonicalJSON
import MatrixProtocol

/// What a client sends for the stage `m.login.email.identity` ("Email-based (identity / homeserver)").
struct EmailStage {
    /// The validation session's ID.
    let sid: String
    let clientSecret: String

    /// - Throws: `M_MISSING_PARAM`, `M_BAD_JSON`.
    init(_ auth: JSONObject) throws(MatrixError) {
        // The second name is that of old clients.
        guard let credentials = auth["threepid_creds"] ?? auth["threepidCreds"] else {
            throw MatrixError(.missingParameter, "Missing auth.threepid_creds")
        }
        guard let sid = credentials.objectValue?["sid"]?.stringValue,
            let clientSecret = credentials.objectValue?["client_secret"]?.stringValue
        else { throw MatrixError(.badJSON, "auth.threepid_creds must have sid and client_secret") }
        self.sid = sid
        self.clientSecret = clientSecret
    }

    /// The validation session's ID, if the client has shown one for the stage.
    static func proof(_ stage: String, _ auth: JSONObject) -> String? {
        stage == Accounts.Stage.email ? (try? EmailStage(auth))?.sid : nil
    }
}
