import CanonicalJSON
import Store

/// The proof that somebody reads what is sent to an address, while it goes on and for a while after it.
package struct ValidationSession: StoreCodable, Equatable {
    /// What the proof is for; a proof for one thing proves nothing for another.
    package enum Purpose: String, Sendable {
        case registration = "register"
        case addition = "add"
        case passwordReset = "password"
    }

    package let purpose: Purpose
    package let thirdPartyID: ThirdPartyID
    /// The SHA-256 hash of what the client has to know.
    package let clientSecretHash: [UInt8]
    /// The SHA-256 hash of what stands in the last message.
    package var tokenHash: [UInt8]
    /// The client's number of the last attempt for which a message was sent.
    package var sendAttempt: Int64
    /// Where the page leads that the message leads to.
    package var nextLink: String?
    /// When the proof was given, in milliseconds since 1970.
    package var validatedAt: Int64?
    /// When the session ends, in milliseconds since 1970.
    package var expiresAt: Int64

    package init(
        purpose: Purpose, thirdPartyID: ThirdPartyID, clientSecretHash: [UInt8], tokenHash: [UInt8], sendAttempt: Int64, nextLink: String?,
        validatedAt: Int64? = nil, expiresAt: Int64
    ) {
        self.purpose = purpose
        self.thirdPartyID = thirdPartyID
        self.clientSecretHash = clientSecretHash
        self.tokenHash = tokenHash
        self.sendAttempt = sendAttempt
        self.nextLink = nextLink
        self.validatedAt = validatedAt
        self.expiresAt = expiresAt
    }

    private typealias Stored = TupleKey<String, String, String, [UInt8], [UInt8], Int64, String?, Int64?, Int64>

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] {
        Stored(
            purpose.rawValue, thirdPartyID.medium, thirdPartyID.address, clientSecretHash, tokenHash, sendAttempt, nextLink, validatedAt,
            expiresAt
        ).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (purpose, medium, address, clientSecretHash, tokenHash, sendAttempt, nextLink, validatedAt, expiresAt) =
            try Stored(encoded: bytes).parts
        guard let purpose = Purpose(rawValue: purpose) else { throw StoreError.undecodable(bytes, as: "a validation session") }
        self.init(
            purpose: purpose, thirdPartyID: ThirdPartyID(medium: medium, address: address), clientSecretHash: clientSecretHash,
            tokenHash: tokenHash, sendAttempt: sendAttempt, nextLink: nextLink, validatedAt: validatedAt, expiresAt: expiresAt)
    }
}

extension ValidationSession {
    package var readable: ReadableValue {
        [
            "purpose": .text(purpose.rawValue), "medium": thirdPartyID.medium.readable, "address": thirdPartyID.address.readable,
            "client_secret": .bytes(clientSecretHash), "token": .bytes(tokenHash), "send_attempt": sendAttempt.readable,
            "next_link": nextLink.readable, "validated_at": validatedAt.readable, "expires_ts": expiresAt.readable,
        ]
    }
}
