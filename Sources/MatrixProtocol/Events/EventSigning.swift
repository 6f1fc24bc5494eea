package import CanonicalJSON

/// Hashing, signing and verifying events in the federation format (server-server API, "Signing Events").
///
/// `Event.build` does the same for events that are made here, faster.
package enum EventSigning {
    /// What the signatures and the reference hash of an event cover: its redacted form without `signatures` and `unsigned`.
    package static func signedBytes(_ event: JSONObject, version: RoomVersion) throws(JSONError) -> [UInt8] {
        var signed = Redaction.redact(event, version: version)
        signed.removeValue(forKey: "signatures")
        signed.removeValue(forKey: "unsigned")
        return try version.encode(signed)
    }

    /// The event with its content hash and a signature ("Adding hashes and signatures to outgoing events").
    package static func hashAndSign(
        _ event: JSONObject, version: RoomVersion, as server: ServerName, with key: SigningKey
    ) throws(JSONError) -> JSONObject {
        var hashed = event
        hashed["hashes"] = ["sha256": .string(Base64.encode(try ContentHash.compute(event, version: version)))]
        return try sign(hashed, version: version, as: server, with: key)
    }

    /// The event, hashed before, with one more signature.
    package static func sign(
        _ event: JSONObject, version: RoomVersion, as server: ServerName, with key: SigningKey
    ) throws(JSONError) -> JSONObject {
        let signature = key.sign(try signedBytes(event, version: version))
        return SignedJSON.adding(Base64.encode(signature), of: server, keyID: key.keyID, to: event)
    }

    /// Checks that a server has signed the event ("Validating hashes and signatures on received events").
    ///
    /// - Parameter key: the server's key of that ID; nil if it isn't known, or wasn't valid when the event was made: then it is skipped.
    package static func verify(
        _ event: JSONObject, version: RoomVersion, signedBy server: ServerName, key: (_ keyID: String) -> VerifyKey?
    ) throws(SignatureError) {
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try signedBytes(event, version: version)
        } catch {
            throw .notCanonical(error)
        }
        try SignedJSON.verify(SignedJSON.signatures(of: server.string, on: event), of: bytes, signedBy: server, key: key)
    }

    /// The servers whose signatures an event needs: the sender's, in room versions 1 and 2 that of the event's ID, and in a restricted join
    /// the authorising user's. An invite that follows from a third-party one needs none of its sender's server, which is not always who
    /// sends it.
    package static func requiredSigners(_ event: Event, version: RoomVersion) -> [ServerName] {
        var signers: [ServerName] = []
        func append(_ server: ServerName) {
            if !signers.contains(server) { signers.append(server) }
        }
        let isMember = event.type == EventType.roomMember
        if !isMember || event.membership != .invite || event.contentMember("third_party_invite") == nil {
            append(event.sender.serverName)
        }
        if version.eventFormat.carriesEventID, let server = event.id.serverName { append(server) }
        if isMember, version.restrictedJoins,
            let user = event.contentMember("join_authorised_via_users_server")?.stringValue.flatMap(UserID.init)
        {
            append(user.serverName)
        }
        return signers
    }
}
