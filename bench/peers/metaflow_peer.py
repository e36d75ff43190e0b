import step as work
from metaflow import FlowSpec, step


class BenchFlow(FlowSpec):
    @step
    def start(self):
        self.data = work.run(0, work.first())
        self.next(self.s1)

    @step
    def s1(self):
        self.data = work.run(1, self.data)
        self.next(self.s2)

    @step
    def s2(self):
        self.data = work.run(2, self.data)
        self.next(self.s3)

    @step
    def s3(self):
        self.data = work.run(3, self.data)
        self.next(self.s4)

    @step
    def s4(self):
        self.data = work.run(4, self.data)
        self.next(self.s5)

    @step
    def s5(self):
        self.data = work.run(5, self.data)
        self.next(self.s6)

    @step
    def s6(self):
        self.data = work.run(6, self.data)
        self.next(self.s7)

    @step
    def s7(self):
        self.data = work.run(7, self.data)
        self.next(self.s8)

    @step
    def s8(self):
        self.data = work.run(8, self.data)
        self.next(self.end)

    @step
    def end(self):
        self.data = work.run(9, self.data)


if __name__ == "__main__":
    BenchFlow()
