import Store

extension AccountsView {
    /// The registration token that the server has made for itself; nil if it has made none.
    package func registrationToken() throws -> String? {
        try reader.get(CommonMaps.global, AccountsGlobalKey.registrationToken).map { try String(encoded: $0) }
    }
}

extension AccountsDatabase {
    /// The registration token that the server has made for itself; with none so far it is `fresh` from now on.
    package func registrationToken(orElse fresh: String) async throws -> String {
        if let token = try view().registrationToken() { return token }
        return try await database.commit { commit in
            if let token = try AccountsView(commit).registrationToken() { return token }
            commit.put(CommonMaps.global, AccountsGlobalKey.registrationToken, fresh.encoded)
            return fresh
        }
    }
}

/// The keys of `global` that the accounts database has of its own.
enum AccountsGlobalKey {
    /// The registration token, as text.
    static let registrationToken = "registration_token"
    /// A number of the place where the database is, 8 bytes.
    static let place = "place"
}
