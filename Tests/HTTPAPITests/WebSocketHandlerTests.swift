import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import HTTPAPI

/// One end of a WebSocket, where the other one is hostile.
@Suite struct WebSocketHandlerTests {
    private let channel = EmbeddedChannel()
    private let handler = WebSocketHandler(messageSizeMaxBytes: 10_000)

    private init() throws {
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func receive(_ opcode: WebSocketOpcode, _ bytes: [UInt8] = [], isLast: Bool = true) throws {
        let key = WebSocketMaskingKey.random()
        var data = ByteBuffer(bytes: bytes)
        data.webSocketMask(key)
        try channel.writeInbound(WebSocketFrame(fin: isLast, opcode: opcode, maskKey: key, data: data))
    }

    /// The frames that were sent: the first byte's opcode, and what follows the length.
    private func sent() throws -> [(opcode: UInt8, payload: [UInt8])] {
        var frames: [(opcode: UInt8, payload: [UInt8])] = []
        while let frame = try channel.readOutbound(as: ByteBuffer.self) {
            let bytes = Array(buffer: frame)
            frames.append((bytes[0] & 0x0f, Array(bytes.dropFirst(2))))
        }
        return frames
    }

    @Test func pingsOfWhoDoesNotReadWaitAndOnlyTheNewestIsAnswered() throws {
        try receive(.ping, [1])
        #expect(try sent().map(\.payload) == [[1]])
        channel.isWritable = false
        for number in 2...100 { try receive(.ping, [UInt8(number)]) }
        #expect(try sent().isEmpty)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        let answers = try sent()
        #expect(answers.map(\.payload) == [[100]] && answers.map(\.opcode) == [0x0a])
    }

    @Test func aMessageIsJoinedFromItsFrames() throws {
        var messages: [[UInt8]] = []
        handler.onMessage = { bytes, isText in if isText { messages.append(bytes) } }
        try receive(.text, [1], isLast: false)
        try receive(.continuation, [], isLast: false)
        try receive(.ping)
        try receive(.continuation, [2], isLast: false)
        try receive(.continuation, [3])
        try receive(.text, [4])
        #expect(messages == [[1, 2, 3], [4]])
    }

    @Test(arguments: [0, 1]) func aMessageHasSoManyFramesOnly(bytesOfEach: Int) throws {
        var hasClosed = false
        handler.onClose = { hasClosed = true }
        try receive(.binary, isLast: false)
        for _ in 0..<1023 { try receive(.continuation, [UInt8](repeating: 0, count: bytesOfEach), isLast: false) }
        #expect(!hasClosed)
        try receive(.continuation, isLast: false)
        #expect(hasClosed)
        let close = try #require(try sent().last)
        #expect(close.opcode == 0x08 && close.payload.prefix(2) == [0x03, 0xf0], "1008, policy violation")
    }

    @Test func aMessageHasSoManyBytesOnly() throws {
        try receive(.binary, [UInt8](repeating: 0, count: 10_000), isLast: false)
        #expect(try sent().isEmpty)
        try receive(.continuation, [0])
        #expect(try sent().last?.payload.prefix(2) == [0x03, 0xf1], "1009, message too big")
    }

    @Test func whoReadsNothingForTwoSignsIsGone() throws {
        var hasClosed = false
        handler.onClose = { hasClosed = true }
        channel.isWritable = false
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        try receive(.pong)
        #expect(!hasClosed)
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(hasClosed)
    }
}
