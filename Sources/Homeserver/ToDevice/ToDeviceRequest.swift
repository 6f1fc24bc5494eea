import CanonicalJSON
import MatrixProtocol

/// Messages that a client sends to devices (`PUT /sendToDevice/{eventType}/{txnId}`).
package struct ToDeviceRequest: Sendable {
    /// What stands for all devices of a user.
    static let allDevices = "*"
    /// The most messages of a request.
    package static let messagesMax = 10_000
    /// The largest message, in bytes of JSON, as for events.
    package static let messageSizeMaxBytes = 64 << 10
    /// The longest type of a message and the longest transaction ID, in bytes.
    static let nameSizeMaxBytes = 255

    let type: String
    let transactionID: String
    /// The contents as JSON by users and devices, of which `*` stands for all.
    let messages: [(user: UserID, contents: [(device: String, content: [UInt8])])]

    /// Reads the request's `messages`.
    ///
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`.
    package init(type: String, transactionID: String, _ object: JSONObject) throws(MatrixError) {
        for name in [type, transactionID] where name.isEmpty || name.utf8.count > Self.nameSizeMaxBytes {
            throw MatrixError(.invalidParameter, "A type and a transaction ID have 1 to \(Self.nameSizeMaxBytes) bytes")
        }
        self.type = type
        self.transactionID = transactionID
        var messages: [(UserID, [(String, [UInt8])])] = []
        var count = 0
        for (name, value) in object {
            guard let user = UserID(name) else { throw MatrixError(.invalidParameter, "\(name) is not a user ID") }
            guard let devices = value.objectValue else { throw MatrixError(.badJSON, "messages.\(name) must be an object") }
            var contents: [(String, [UInt8])] = []
            for (device, content) in devices {
                guard let content = content.objectValue?.encoded() else {
                    throw MatrixError(.badJSON, "messages.\(name).\(device) must be an object")
                }
                guard content.count <= Self.messageSizeMaxBytes else {
                    throw MatrixError(.tooLarge, "A message to a device has at most \(Self.messageSizeMaxBytes) bytes")
                }
                contents.append((device, content))
            }
            count += contents.count
            messages.append((user, contents))
        }
        guard count <= Self.messagesMax else {
            throw MatrixError(.tooLarge, "A request sends at most \(Self.messagesMax) messages")
        }
        self.messages = messages
    }
}
