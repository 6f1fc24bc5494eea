import MatrixProtocol
import Store
import StoredIdentifiers

/// The links in messages about unread notifications by which their readers end them (RFC 8058). Each is good for one pusher, for as long as
/// that is there.
///
/// A link says which pusher it is about, and has this server's signature over that: nobody else can make one, and none has to be kept.
struct UnsubscribeLinks: Sendable {
    /// Where they lead to; `pusher` and `signature` are in the query.
    static let path = "/_martlet/email/unsubscribe"

    /// Where clients reach the server from outside, without a slash at the end.
    let baseURL: String
    let key: SigningKey

    func link(for recipient: NotificationMails.Recipient) -> String {
        let pusher = TupleKey(recipient.user, Int64(bitPattern: recipient.number)).encoded
        let signature = key.sign(Self.signed(pusher))
        return "\(baseURL)\(Self.path)?pusher=\(Base64URL.encode(pusher))&signature=\(Base64URL.encode(signature))"
    }

    /// The pusher of a link, by its user and number; nil unless this server has made the link.
    func pusher(_ pusher: String, signature: String) -> (user: UserID, number: UInt64)? {
        guard let pusher = Base64URL.decode(pusher), let signature = Base64URL.decode(signature),
            key.verifyKey.verify(signature, of: Self.signed(pusher)),
            let (user, number) = try? TupleKey<UserID, Int64>(encoded: pusher).parts
        else { return nil }
        return (user, UInt64(bitPattern: number))
    }

    /// What is signed: nothing else that the key signs begins like this.
    private static func signed(_ pusher: [UInt8]) -> [UInt8] { Array("martlet unsubscribe ".utf8) + pusher }
}
