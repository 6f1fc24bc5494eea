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
