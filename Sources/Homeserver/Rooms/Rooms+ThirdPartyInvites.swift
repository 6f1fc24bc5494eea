import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Invites by an address outside of Matrix ("Third-party invites").
extension Rooms {
    /// Invites whoever has an address (`POST /rooms/{roomId}/invite` with `id_server`): the user who has bound it, or whoever will.
    ///
    /// - Throws: `M_FORBIDDEN` for who may not invite, before anybody else is asked; `M_INVITE_BLOCKED`; `M_SERVER_NOT_TRUSTED`,
    ///   `M_TERMS_NOT_SIGNED`, and `M_UNKNOWN` with the status 502, for what goes wrong with the identity server.
    package func invite(_ invite: ThirdPartyInvite, to roomID: RoomID, isDirect: Bool = false, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        let room = try room(roomID)
        let user = requester.userID
        try await commit { commit in
            guard try commit.view.isJoined(user, to: room.shortID) else { throw Self.notInRoom }
            let levels = try commit.powerLevels(in: room)
            guard levels.user(user, has: levels.invite) else {
                throw MatrixError(.forbidden, "Inviting needs power level \(levels.invite)")
            }
        }
        let identityServer = IdentityServer(
            name: invite.identityServer, accessToken: invite.accessToken, http: environment.outgoingHTTP)
        if let known = try await identityServer.user(of: invite.address) {
            return try await self.invite(known, to: roomID, reason: nil, isDirect: isDirect, by: requester)
        }
        let stored = try await identityServer.store(description(of: invite.address, to: room, by: user))
        let keys = stored.publicKeys.map { key, validityURL in
            var content: JSONObject = ["public_key": .string(key)]
            content["key_validity_url"] = validityURL.map { .string($0) }
            return content
        }
        var content: JSONObject = ["display_name": .string(stored.displayName), "public_keys": .array(keys.map { .object($0) })]
        // The first key stands by itself too, for those who know of one only.
        for (name, value) in keys.first ?? [:] { content[name] = value }
        let template = EventTemplate(
            type: EventType.roomThirdPartyInvite, stateKey: stored.token, content: content, sender: user, roomID: roomID)
        _ = try await commit { [signingKey] in try $0.send(template, in: room, signingKey: signingKey) }
    }

    /// What the identity server is told of an invite.
    private func description(of address: ThirdPartyAddress, to room: Room, by user: UserID) throws -> JSONObject {
        let view = database.view()
        func text(_ key: StateKey, _ member: String) throws -> JSONValue? {
            try view.currentEvent(key, in: room.shortID)?.contentMember(member)?.stringValue.map { .string($0) }
        }
        var invite: JSONObject = [
            "medium": .string(address.medium), "address": .string(address.address), "room_id": .string(room.id.string),
            "sender": .string(user.string),
        ]
        invite["room_alias"] = try text(.canonicalAlias, "alias")
        invite["room_avatar_url"] = try text(.avatar, "url")
        invite["room_join_rules"] = try text(.joinRules, "join_rule")
        invite["room_name"] = try text(.name, "name")
        invite["room_type"] = room.create.content["type"]?.stringValue.map { .string($0) }
        let profile = try view.profile(of: user)
        invite["sender_display_name"] = profile[ProfileField.displayName]
        invite["sender_avatar_url"] = profile[ProfileField.avatarURL]
        return invite
    }

    /// Makes of a third-party invite that waits in the room the invite of the user who has bound its address, in the name of who has sent it.
    ///
    /// The keys have to be asked about before: `checkKeys`.
    ///
    /// - Throws: `M_FORBIDDEN` when no such invite waits; `AuthorizationError` when the signature isn't one of its keys'.
    func accept(_ signed: ThirdPartySigned, in room: Room, _ commit: RoomsCommit) throws {
        guard let invite = try commit.authEvent(.thirdPartyInvite(token: signed.token), in: room), invite.sender == signed.sender,
            signed.sender.isOn(serverName)
        else { throw MatrixError(.forbidden, "No invite in this room has that token and sender") }
        var content = JSONObject.membership(.invite)
        content.addProfile(try commit.view.profile(of: signed.user))
        content["third_party_invite"] = [
            "display_name": invite.contentMember("display_name") ?? "", "signed": .object(signed.json),
        ]
        _ = try commit.send(.member(signed.user, content, in: room, by: signed.sender), in: room, signingKey: signingKey)
    }

    /// Checks that the keys of a third-party invite by which it may be signed have not been revoked.
    ///
    /// - Throws: `M_FORBIDDEN` for who isn't the signed user, when no such invite waits, and for a key that is no longer good; what
    ///   `IdentityServer.isValid` throws.
    func checkKeys(of signed: ThirdPartySigned, in room: Room, by requester: Requester) async throws {
        guard signed.user == requester.userID else { throw MatrixError(.forbidden, "third_party_signed is about another user") }
        let view = database.view()
        guard let event = try view.currentEvent(.thirdPartyInvite(token: signed.token), in: room.shortID) else {
            throw MatrixError(.forbidden, "No invite in this room has that token and sender")
        }
        let content = try event.content()
        for key in [content] + (content["public_keys"]?.arrayValue ?? []).compactMap(\.objectValue) {
            guard let publicKey = key["public_key"]?.stringValue, signed.isSigned(by: publicKey) else { continue }
            // Without an address the key is good for ever.
            guard let url = key["key_validity_url"]?.stringValue else { return }
            if try await IdentityServer.isValid(publicKey, at: url, environment.outgoingHTTP) { return }
            throw MatrixError(.forbidden, "The key of this invite is no longer valid")
        }
        throw MatrixError(.forbidden, "third_party_signed is not signed by a key of the invite")
    }
}

extension ThirdPartySigned {
    /// Whether a signature of it is one of the key's.
    fileprivate func isSigned(by publicKey: String) -> Bool {
        guard let key = VerifyKey(base64: publicKey) else { return false }
        return (json["signatures"]?.objectValue ?? [:]).keys.contains { server in
            (try? SignedJSON.verify(json, signedBy: ServerName(trusted: server), key: { _ in key })) != nil
        }
    }
}
