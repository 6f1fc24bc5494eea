import MatrixProtocol

/// User names as people type them.
enum Username {
    /// How many letters and digits a user name has that is made here.
    static let generatedLength = 12

    /// The name with its ASCII letters in lower case: no others can be part of a new user ID.
    static func lowercased(_ name: some StringProtocol) -> String {
        String(decoding: name.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The user ID that a new user with this name gets.
    ///
    /// - Throws: `M_INVALID_USERNAME`.
    static func newUserID(_ name: String, on server: ServerName) throws(MatrixError) -> UserID {
        let localpart = lowercased(name)
        guard let user = UserID(localpart: localpart, serverName: server), user.localpart == localpart, user.isValidForRegistration else {
            throw MatrixError(.invalidUsername, "A user name consists of a-z, 0-9, and . _ = - / +, with at most 255 bytes in the user ID")
        }
        return user
    }

    /// The user of this server that is meant by a user ID or a localpart; nil if it can't be one.
    static func localUserID(_ name: String, on server: ServerName) -> UserID? {
        guard name.utf8.first == UInt8(ascii: "@") else { return UserID(localpart: lowercased(name), serverName: server) }
        guard let user = UserID(name), user.isOn(server) else { return nil }
        return UserID(localpart: lowercased(user.localpart), serverName: server)
    }
}
