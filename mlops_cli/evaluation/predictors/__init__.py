"""Models as predictors: loaded from bytes that a record promises, asked for answers and scores."""
