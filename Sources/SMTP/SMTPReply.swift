import NIOCore
import Store

/// What the mail server has answered (RFC 5321, section 4.2).
struct SMTPReply: Equatable {
    let code: Int
    /// The text of each line.
    let lines: [String]

    /// Whether the server has done what it was told, or goes on.
    var isPositive: Bool { (200..<400).contains(code) }

    /// The reply for people.
    var text: String { "\(code) \(lines.joined(separator: " "))" }
}

/// The server's replies, one after the other.
struct SMTPReplies {
    private var bytes: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var buffer = ByteBuffer()

    /// The longest line of a reply, in bytes, and the most lines; a server has no reason to send more.
    private static let lineMaxBytes = 4096
    private static let linesMax = 100

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) {
        bytes = inbound.makeAsyncIterator()
    }

    /// The next reply.
    ///
    /// - Throws: `OutgoingMailError.failed` when the connection ends, or what comes is no reply.
    mutating func next() async throws -> SMTPReply {
        var lines: [String] = []
        while lines.count < Self.linesMax {
            let line = try await nextLine()
            guard let code = Int(line.prefix(3)), (200..<600).contains(code) else {
                throw OutgoingMailError.failed("what comes from the mail server is not SMTP")
            }
            lines.append(String(line.dropFirst(4)))
            if line.dropFirst(3).first != "-" { return SMTPReply(code: code, lines: lines) }
        }
        throw OutgoingMailError.failed("the mail server's reply is too long")
    }

    private mutating func nextLine() async throws -> String {
        while true {
            if let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let length = end - buffer.readerIndex + 1
                let line = buffer.readString(length: length) ?? ""
                return String(line.filter { !$0.isNewline })
            }
            guard buffer.readableBytes <= Self.lineMaxBytes else { throw OutgoingMailError.failed("the mail server's reply is too long") }
            guard var more = try await bytes.next() else { throw OutgoingMailError.failed("the mail server has ended the connection") }
            buffer.discardReadBytes()
            buffer.writeBuffer(&more)
        }
    }
}
